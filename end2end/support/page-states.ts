import { randomBytes } from 'node:crypto';
import { expect, type Page } from '@playwright/test';
import { ReceiptPage } from '../pages/receipt-page';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { idOf, createSecret } from './secrets';
import type { Server } from './server';

type EnterState = (page: Page, server: Server) => Promise<unknown>;

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

/** Opens a secret with the passphrase `right`, which the page itself has created. */
async function openWithPassphrase(page: Page, server: Server): Promise<SecretPage> {
  const sender = await SendPage.open(page, server);
  await sender.addPassphrase('right');
  const { link } = await sender.send(TEXT);
  await page.goto('about:blank');
  return SecretPage.openReady(page, link);
}

async function openRevealed(page: Page, server: Server): Promise<SecretPage> {
  const recipient = await SecretPage.openReady(page, (await createSecret(server, TEXT)).link);
  await recipient.reveal();
  return recipient;
}

/** Aborts the page's requests to a call of the API. */
const abortCall = (page: Page, call: string) => page.route(`**/api/v1/${call}`, (route) => route.abort());

/** Enters each state that a page can have, by name. */
export const pageStates: Record<string, EnterState> = {
  ...Object.fromEntries(
    TEXT_PAGES.map((path) => [`text ${path.slice(1).replaceAll('/', ' ')}`, (page: Page, server: Server) => page.goto(server.origin + path)]),
  ),

  'send, before hydration': async (page, server) => {
    await page.route('**/*.wasm', () => {});
    await page.goto(server.origin, { waitUntil: 'commit' });
    await expect(new SendPage(page).createLink).toBeVisible();
  },
  'send, empty': (page, server) => SendPage.open(page, server),
  'send, all sections expanded': async (page, server) => {
    const sender = await SendPage.open(page, server);
    await sender.secret.fill(TEXT);
    await sender.addFiles(file('.env.production', 812), file('a rather long name of a certificate for staging.pem', 4096));
    await sender.chooseExpiry('Another time');
    await sender.chooseViews('Another number');
    await sender.expand('Add a passphrase');
    await sender.page.getByRole('button', { name: 'Make one' }).click();
    await expect(sender.page.getByText('Five random words')).toBeVisible();
    await sender.expand('Generate a secret');
  },
  'send, invalid input': async (page, server) => {
    const sender = await SendPage.open(page, server);
    await sender.createLink.click();
    await expect(sender.errorMessage).toBeVisible();
  },
  'send, storage full': async (page, server) => {
    const sender = await SendPage.open(page, server);
    await page.route('**/api/v1/create', (route) => route.fulfill({ status: 507, json: { error: 'storage_full' } }));
    await sender.secret.fill(TEXT);
    await sender.createLink.click();
    await expect(sender.errorMessage).toBeVisible();
  },
  'send, done': async (page, server) => {
    const sender = await SendPage.open(page, server);
    await sender.send(TEXT);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy link', exact: true }).click();
    await expect(page.getByText('Copied', { exact: true })).toBeVisible();
  },
  'send, done with a passphrase and the QR code': async (page, server) => {
    const sender = await SendPage.open(page, server);
    await sender.addPassphrase('right');
    await sender.send(TEXT);
    await sender.expand('Show as QR code');
  },

  'receive, loading': async (page, server) => {
    await page.route('**/*.wasm', () => {});
    await page.goto((await createSecret(server, TEXT)).link, { waitUntil: 'commit' });
    await expect(page.getByRole('status')).toBeVisible();
  },
  'receive, ready': async (page, server) => SecretPage.openReady(page, (await createSecret(server, TEXT)).link),
  'receive, rewritten by a gateway': async (page, server) => {
    const { link } = await createSecret(server, TEXT);
    await SecretPage.openReady(page, link.replace('#', '%23'));
  },
  'receive, passphrase required': openWithPassphrase,
  'receive, wrong passphrase': async (page, server) => {
    const recipient = await openWithPassphrase(page, server);
    await recipient.tryPassphrase('wrong');
    await expect(recipient.alert).toContainText('This passphrase is wrong');
  },
  'receive, locked': async (page, server) => {
    const recipient = await openWithPassphrase(page, server);
    await page.route('**/api/v1/reveal', (route) =>
      route.fulfill({ status: 429, headers: { 'retry-after': '512' }, json: { error: 'locked' } }),
    );
    await recipient.tryPassphrase('wrong');
    await expect(page.getByText('You can try again in')).toBeVisible();
  },
  'receive, retrying': async (page, server) => {
    const recipient = await SecretPage.openReady(page, (await createSecret(server, TEXT)).link);
    await abortCall(page, 'reveal');
    await recipient.revealButton.click();
    await expect(recipient.status).toContainText('trying again');
  },
  'receive, revealed': openRevealed,
  'receive, hidden': async (page, server) => {
    const recipient = await openRevealed(page, server);
    await recipient.hideButton.click();
  },
  'receive, revealed files': async (page, server) => {
    const sender = await SendPage.open(page, server);
    await sender.secret.fill('The staging certificate, as promised.');
    await sender.addFiles(file('.env.production', 812), file('a rather long name of a certificate for staging.pem', 4096));
    await sender.chooseViews('3 times');
    const { link } = await sender.create();
    await page.goto('about:blank');
    await (await SecretPage.openReady(page, link)).reveal();
  },
  'receive, already opened': async (page, server) => {
    const { link } = await createSecret(server, TEXT);
    await (await SecretPage.openReady(page, link)).reveal();
    await page.goto('about:blank');
    await expect((await SecretPage.open(page, link)).title).toHaveText('This secret was opened already');
  },
  'receive, expired': async (page, server) => {
    const { link } = await createSecret(server, TEXT);
    await server.store.expire(idOf(link));
    await expect((await SecretPage.open(page, link)).title).toHaveText('This secret has expired');
  },
  'receive, burned': async (page, server) => {
    const { link, receipt } = await createSecret(server, TEXT);
    const sender = await ReceiptPage.open(page, receipt);
    await sender.burnButton.click();
    await sender.confirmBurn.click();
    await expect(sender.title).toHaveText('Burned');
    await expect((await SecretPage.open(page, link)).title).toHaveText('The sender burned this secret');
  },
  'receive, never existed': async (page, server) => {
    const { link } = await createSecret(server, TEXT);
    await page.route('**/api/v1/open', (route) => route.fulfill({ status: 404, json: { error: 'unavailable' } }));
    await expect((await SecretPage.open(page, link)).title).toHaveText('There is no secret here');
  },
  'receive, damaged link': async (page, server) => {
    const { link } = await createSecret(server, TEXT);
    await expect((await SecretPage.open(page, link.slice(0, -4))).title).toHaveText('This link is damaged');
  },
  'receive, missing key': async (page, server) => {
    await expect((await SecretPage.open(page, `${server.origin}/s/AAAAAAAAAAAAAAAA`)).title).toHaveText('The part after # is missing');
  },
  'receive, server unreachable': async (page, server) => {
    const { link } = await createSecret(server, TEXT);
    await abortCall(page, 'open');
    await expect((await SecretPage.open(page, link)).tryAgain).toBeVisible();
  },
  'receive, no WebAssembly': async (page, server) => {
    await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'WebAssembly'));
    await page.goto((await createSecret(server, TEXT)).link);
    await expect(page.getByRole('alert')).toContainText('needs WebAssembly');
  },

  'receipt, not opened': async (page, server) => {
    const sender = await ReceiptPage.open(page, (await createSecret(server, TEXT, { views: 3 })).receipt);
    await expect(sender.title).toHaveText('Not opened yet');
  },
  'receipt, opened once of three, burn confirmation': async (page, server) => {
    const { link, receipt } = await createSecret(server, TEXT, { views: 3 });
    await (await SecretPage.openReady(page, link)).reveal();
    const sender = await ReceiptPage.open(page, receipt);
    await sender.burnButton.click();
    await expect(sender.confirmBurn).toBeVisible();
  },
  'receipt, opened': async (page, server) => {
    const { link, receipt } = await createSecret(server, TEXT);
    await (await SecretPage.openReady(page, link)).reveal();
    await expect((await ReceiptPage.open(page, receipt)).title).toHaveText('Opened, and deleted');
  },
  'receipt, burned': async (page, server) => {
    const sender = await ReceiptPage.open(page, (await createSecret(server, TEXT)).receipt);
    await sender.burnButton.click();
    await sender.confirmBurn.click();
    await expect(sender.title).toHaveText('Burned');
  },
  'receipt, damaged link': async (page, server) => {
    await expect((await ReceiptPage.open(page, `${server.origin}/receipt#t=AAAA`)).title).toHaveText('This receipt link is damaged');
  },
};

