import { randomBytes } from 'node:crypto';
import { expect, type Page } from '@playwright/test';
import { ReceiptPage } from '../pages/receipt';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { idOf, sent } from './secrets';
import type { Server } from './server';

type State = (page: Page, server: Server) => Promise<unknown>;

const TEXT = 'DATABASE_URL=postgres://app:hunter2@db.example/app\nSMTP_PASSWORD=correct horse battery staple\n';
const TEXT_PAGES = [
  '/one-time-secret-link',
  '/security',
  '/guides',
  '/guides/password',
  '/guides/api-key',
  '/guides/env-file',
  '/guides/client',
  '/guides/chat-and-email',
  '/docs/api',
  '/about',
  '/privacy',
  '/terms',
  '/no-such-page',
];

const file = (name: string, length: number) => ({ name, mimeType: '', buffer: randomBytes(length) });

/** A link whose passphrase is known, made by the page itself. */
async function guarded(page: Page, server: Server): Promise<SecretPage> {
  const sender = await SendPage.of(page, server);
  await sender.addPassphrase('right');
  const { link } = await sender.send(TEXT);
  await page.goto('about:blank');
  return SecretPage.ready(page, link);
}

async function revealed(page: Page, server: Server): Promise<SecretPage> {
  const reader = await SecretPage.ready(page, (await sent(server, TEXT)).link);
  await reader.reveal();
  return reader;
}

/** Keeps an answer of the API away from the page. */
const unanswered = (page: Page, call: string) => page.route(`**/api/v1/${call}`, (route) => route.abort());

/** Every page, and every state of it that a person can come to. */
export const states: Record<string, State> = {
  ...Object.fromEntries(
    TEXT_PAGES.map((path) => [`text ${path.slice(1).replaceAll('/', ' ')}`, (page: Page, server: Server) => page.goto(server.origin + path)]),
  ),

  'send, asleep': async (page, server) => {
    await page.route('**/*.wasm', () => {});
    await page.goto(server.origin, { waitUntil: 'commit' });
    await expect(new SendPage(page).createLink).toBeVisible();
  },
  'send, empty': (page, server) => SendPage.of(page, server),
  'send, everything unfolded': async (page, server) => {
    const sender = await SendPage.of(page, server);
    await sender.secret.fill(TEXT);
    await sender.addFiles(file('.env.production', 812), file('a rather long name of a certificate for staging.pem', 4096));
    await sender.chooseExpiry('Another time');
    await sender.chooseViews('Another number');
    await sender.unfold('Add a passphrase');
    await sender.page.getByRole('button', { name: 'Make one' }).click();
    await expect(sender.page.getByText('Five random words')).toBeVisible();
    await sender.unfold('Generate a secret');
  },
  'send, a problem': async (page, server) => {
    const sender = await SendPage.of(page, server);
    await sender.createLink.click();
    await expect(sender.problem).toBeVisible();
  },
  'send, no answer': async (page, server) => {
    const sender = await SendPage.of(page, server);
    await page.route('**/api/v1/create', (route) => route.fulfill({ status: 507, json: { error: 'storage_full' } }));
    await sender.secret.fill(TEXT);
    await sender.createLink.click();
    await expect(sender.problem).toBeVisible();
  },
  'send, done': async (page, server) => {
    const sender = await SendPage.of(page, server);
    await sender.send(TEXT);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy link', exact: true }).click();
    await expect(page.getByText('Copied', { exact: true })).toBeVisible();
  },
  'send, done with a passphrase and the QR code': async (page, server) => {
    const sender = await SendPage.of(page, server);
    await sender.addPassphrase('right');
    await sender.send(TEXT);
    await sender.unfold('Show as QR code');
  },

  'receive, looking': async (page, server) => {
    await page.route('**/*.wasm', () => {});
    await page.goto((await sent(server, TEXT)).link, { waitUntil: 'commit' });
    await expect(page.getByRole('status')).toBeVisible();
  },
  'receive, ready': async (page, server) => SecretPage.ready(page, (await sent(server, TEXT)).link),
  'receive, rewritten by a gateway': async (page, server) => {
    const { link } = await sent(server, TEXT);
    await SecretPage.ready(page, link.replace('#', '%23'));
  },
  'receive, asked for a passphrase': guarded,
  'receive, wrong passphrase': async (page, server) => {
    const reader = await guarded(page, server);
    await reader.try('wrong');
    await expect(reader.alert).toContainText('This passphrase is wrong');
  },
  'receive, locked': async (page, server) => {
    const reader = await guarded(page, server);
    await page.route('**/api/v1/reveal', (route) =>
      route.fulfill({ status: 429, headers: { 'retry-after': '512' }, json: { error: 'locked' } }),
    );
    await reader.try('wrong');
    await expect(page.getByText('You can try again in')).toBeVisible();
  },
  'receive, no answer yet': async (page, server) => {
    const reader = await SecretPage.ready(page, (await sent(server, TEXT)).link);
    await unanswered(page, 'reveal');
    await reader.revealButton.click();
    await expect(reader.status).toContainText('trying again');
  },
  'receive, revealed': revealed,
  'receive, hidden': async (page, server) => {
    const reader = await revealed(page, server);
    await reader.hide.click();
  },
  'receive, revealed files': async (page, server) => {
    const sender = await SendPage.of(page, server);
    await sender.secret.fill('The staging certificate, as promised.');
    await sender.addFiles(file('.env.production', 812), file('a rather long name of a certificate for staging.pem', 4096));
    await sender.chooseViews('3 times');
    const { link } = await sender.create();
    await page.goto('about:blank');
    await (await SecretPage.ready(page, link)).reveal();
  },
  'receive, opened already': async (page, server) => {
    const { link } = await sent(server, TEXT);
    await (await SecretPage.ready(page, link)).reveal();
    await page.goto('about:blank');
    await expect((await SecretPage.of(page, link)).title).toHaveText('This secret was opened already');
  },
  'receive, expired': async (page, server) => {
    const { link } = await sent(server, TEXT);
    await server.store.expire(idOf(link));
    await expect((await SecretPage.of(page, link)).title).toHaveText('This secret has expired');
  },
  'receive, burned': async (page, server) => {
    const { link, receipt } = await sent(server, TEXT);
    const sender = await ReceiptPage.of(page, receipt);
    await sender.burnNow.click();
    await sender.burnIndeed.click();
    await expect(sender.title).toHaveText('Burned');
    await expect((await SecretPage.of(page, link)).title).toHaveText('The sender burned this secret');
  },
  'receive, never was': async (page, server) => {
    const { link } = await sent(server, TEXT);
    await page.route('**/api/v1/open', (route) => route.fulfill({ status: 404, json: { error: 'unavailable' } }));
    await expect((await SecretPage.of(page, link)).title).toHaveText('There is no secret here');
  },
  'receive, damaged link': async (page, server) => {
    const { link } = await sent(server, TEXT);
    await expect((await SecretPage.of(page, link.slice(0, -4))).title).toHaveText('This link is damaged');
  },
  'receive, missing key': async (page, server) => {
    await expect((await SecretPage.of(page, `${server.origin}/s/AAAAAAAAAAAAAAAA`)).title).toHaveText('The part after # is missing');
  },
  'receive, server away': async (page, server) => {
    const { link } = await sent(server, TEXT);
    await unanswered(page, 'open');
    await expect((await SecretPage.of(page, link)).tryAgain).toBeVisible();
  },
  'receive, no WebAssembly': async (page, server) => {
    await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'WebAssembly'));
    await page.goto((await sent(server, TEXT)).link);
    await expect(page.getByRole('alert')).toContainText('needs WebAssembly');
  },

  'receipt, not opened': async (page, server) => {
    const sender = await ReceiptPage.of(page, (await sent(server, TEXT, { views: 3 })).receipt);
    await expect(sender.title).toHaveText('Not opened yet');
  },
  'receipt, opened once of three, about to be burned': async (page, server) => {
    const { link, receipt } = await sent(server, TEXT, { views: 3 });
    await (await SecretPage.ready(page, link)).reveal();
    const sender = await ReceiptPage.of(page, receipt);
    await sender.burnNow.click();
    await expect(sender.burnIndeed).toBeVisible();
  },
  'receipt, opened': async (page, server) => {
    const { link, receipt } = await sent(server, TEXT);
    await (await SecretPage.ready(page, link)).reveal();
    await expect((await ReceiptPage.of(page, receipt)).title).toHaveText('Opened, and deleted');
  },
  'receipt, burned': async (page, server) => {
    const sender = await ReceiptPage.of(page, (await sent(server, TEXT)).receipt);
    await sender.burnNow.click();
    await sender.burnIndeed.click();
    await expect(sender.title).toHaveText('Burned');
  },
  'receipt, damaged link': async (page, server) => {
    await expect((await ReceiptPage.of(page, `${server.origin}/receipt#t=AAAA`)).title).toHaveText('This receipt link is damaged');
  },
};

