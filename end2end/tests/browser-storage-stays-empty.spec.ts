import type { Page } from '@playwright/test';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { browser } from '../support/browser';
import { createSecret } from '../support/secrets';
import { expect, test } from '../support/test';

// Enables the back/forward cache, as in ordinary browsers.
test.use({ launchOptions: { ...browser, ignoreDefaultArgs: ['--disable-back-forward-cache'] } });

const TEXT = 'the plaintext that must not stay';

/** Goes back or forward in the history, after `evaluate` has returned: the page may be gone at once. */
const navigateHistory = (page: Page, pages: number) => page.evaluate((pages) => void setTimeout(() => history.go(pages)), pages);

/** Returns everything that a page can store beyond its lifetime. */
function storedData(page: Page) {
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

const NO_DATA = { local: [], session: [], caches: [], databases: [], workers: 0, cookie: '', name: '', state: null };

test('fragment leaves the address bar when the secret is revealed', async ({ openPage, server }) => {
  const { link } = await createSecret(server, TEXT);
  const recipient = await SecretPage.openReady(await openPage(), link);
  expect(await recipient.page.evaluate(() => location.hash)).not.toBe('');
  const entries = await recipient.page.evaluate(() => history.length);
  expect(await recipient.reveal()).toBe(TEXT);
  expect(await recipient.page.evaluate(() => location.hash)).toBe('');
  expect(recipient.page.url()).toBe(link.replace(/#.*/, ''));
  expect(await recipient.page.evaluate(() => history.length)).toBe(entries);
  expect(await recipient.page.title()).not.toContain(TEXT);
});

test('sending and revealing store nothing in the browser', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  const { link } = await sender.send(TEXT);
  expect(await storedData(sender.page)).toEqual(NO_DATA);
  expect(await sender.page.context().cookies()).toEqual([]);

  const recipient = await SecretPage.openReady(await openPage(), link);
  expect(await recipient.reveal()).toBe(TEXT);
  expect(await storedData(recipient.page)).toEqual(NO_DATA);
  expect(await recipient.page.context().cookies()).toEqual([]);
});

test('going back shows no plaintext, after leaving and after reloading', async ({ openPage, server }) => {
  const { link } = await createSecret(server, TEXT);
  const recipient = await SecretPage.openReady(await openPage(), link);
  expect(await recipient.reveal()).toBe(TEXT);
  const { page } = recipient;
  await page.goto(server.origin);
  await expect(new SendPage(page).secret).toBeEnabled();
  await navigateHistory(page, -1);
  await expect(recipient.title).toHaveText('The part after # is missing');
  expect(await page.content()).not.toContain(TEXT);
  await navigateHistory(page, 1);
  await expect(new SendPage(page).secret).toBeEnabled();
  await navigateHistory(page, -1);
  await expect(recipient.title).toHaveText('The part after # is missing');
  await page.reload();
  await expect(recipient.title).toHaveText('The part after # is missing');
  expect(await page.content()).not.toContain(TEXT);
});

test('going back to the form shows neither the secret nor its links', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  const { page } = sender;
  const { link } = await sender.send(TEXT);
  await page.goto(`${server.origin}/receipt`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('The part after # is missing');
  await navigateHistory(page, -1);
  await expect(sender.secret).toHaveValue('');
  expect(await page.content()).not.toContain(link.split('#')[1] ?? '');
});
