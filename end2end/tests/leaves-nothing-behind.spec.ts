import type { Page } from '@playwright/test';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { browser } from '../support/browser';
import { sent } from '../support/secrets';
import { expect, test } from '../support/test';

// As in people's browsers: pages that were left are kept for the way back, if they allow it.
test.use({ launchOptions: { ...browser, ignoreDefaultArgs: ['--disable-back-forward-cache'] } });

const TEXT = 'the plaintext that must not stay';

/** Back or forth, a moment later: a page that is left at once may not answer any more. */
const travel = (page: Page, pages: number) => page.evaluate((pages) => void setTimeout(() => history.go(pages)), pages);

/** Everything that a page can keep beyond its own life. */
function kept(page: Page) {
  return page.evaluate(async () => ({
    local: Object.keys(localStorage).filter((key) => key !== 'theme'),
    session: Object.keys(sessionStorage),
    caches: await caches.keys(),
    databases: (await indexedDB.databases()).map((database) => database.name),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    cookie: document.cookie,
    name: window.name,
    state: history.state as unknown,
  }));
}

const nothing = { local: [], session: [], caches: [], databases: [], workers: 0, cookie: '', name: '', state: null };

test('the fragment leaves the address bar at the click', async ({ visit, server }) => {
  const { link } = await sent(server, TEXT);
  const reader = await SecretPage.ready(await visit(), link);
  expect(await reader.page.evaluate(() => location.hash)).not.toBe('');
  const entries = await reader.page.evaluate(() => history.length);
  expect(await reader.reveal()).toBe(TEXT);
  expect(await reader.page.evaluate(() => location.hash)).toBe('');
  expect(reader.page.url()).toBe(link.replace(/#.*/, ''));
  expect(await reader.page.evaluate(() => history.length)).toBe(entries);
  expect(await reader.page.title()).not.toContain(TEXT);
});

test('neither sending nor reading leaves anything in the browser', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  const { link } = await sender.send(TEXT);
  expect(await kept(sender.page)).toEqual(nothing);
  expect(await sender.page.context().cookies()).toEqual([]);

  const reader = await SecretPage.ready(await visit(), link);
  expect(await reader.reveal()).toBe(TEXT);
  expect(await kept(reader.page)).toEqual(nothing);
  expect(await reader.page.context().cookies()).toEqual([]);
});

test('Back shows no plaintext, after leaving and after reloading', async ({ visit, server }) => {
  const { link } = await sent(server, TEXT);
  const reader = await SecretPage.ready(await visit(), link);
  expect(await reader.reveal()).toBe(TEXT);
  const { page } = reader;
  await page.goto(server.origin);
  await expect(new SendPage(page).secret).toBeEnabled();
  await travel(page, -1);
  await expect(reader.title).toHaveText('The part after # is missing');
  expect(await page.content()).not.toContain(TEXT);
  await travel(page, 1);
  await expect(new SendPage(page).secret).toBeEnabled();
  await travel(page, -1);
  await expect(reader.title).toHaveText('The part after # is missing');
  await page.reload();
  await expect(reader.title).toHaveText('The part after # is missing');
  expect(await page.content()).not.toContain(TEXT);
});

test('Back to the form shows neither the secret nor its links', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  const { page } = sender;
  const { link } = await sender.send(TEXT);
  await page.goto(`${server.origin}/receipt`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('The part after # is missing');
  await travel(page, -1);
  await expect(sender.secret).toHaveValue('');
  expect(await page.content()).not.toContain(link.split('#')[1] ?? '');
});
