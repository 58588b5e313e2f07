import type { Page } from '@playwright/test';
import { ReceiptPage } from '../pages/receipt';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { idOf, sent } from '../support/secrets';
import { expect, test } from '../support/test';

const LOST = /ERR_CONNECTION_(RESET|REFUSED)/;
const HALF_A_MINUTE = 30_000;

/** Lets the server answer a call, and loses the answer on the way: so many times. */
async function loseAnswers(page: Page, call: string, times: number, then = async () => {}): Promise<void> {
  let left = times;
  await page.route(`**/api/v1/${call}`, async (route) => {
    if (left === 0) return route.continue();
    left -= 1;
    await route.fetch();
    await then();
    await route.abort('connectionreset');
  });
}

test('a reveal whose answer is lost three times still shows the secret, for one view', async ({ visit, ownServer, watch }) => {
  watch.expect(LOST);
  const { link } = await sent(ownServer, 'lost and found', { views: 3 });
  const reader = await SecretPage.ready(await visit(), link);
  await loseAnswers(reader.page, 'reveal', 3);
  await reader.revealButton.click();
  await expect(reader.status).toContainText('No answer yet, trying again. Keep this page open.');
  expect(await reader.text()).toBe('lost and found');
  await expect(reader.status.first()).toContainText('can be opened twice more');
  expect(await ownServer.store.rows(idOf(link))).toEqual({ viewsLeft: 2, viewsUsed: 1 });
  expect(await ownServer.store.counts()).toEqual({ secrets: 1, receipts: 1, claims: 1 });
});

for (const [status, error, said] of [
  [429, 'rate_limited', 'Too many requests from here. Your view is not lost'],
  [507, 'storage_full', 'The server does not answer. Your view is not lost'],
] as const) {
  test(`a reveal whose answer is lost, and whose retry is told ${status}, keeps its claim`, async ({ visit, server, watch }) => {
    watch.expect(LOST, /status of (429|507)/);
    const { link } = await sent(server, 'granted and lost');
    const reader = await SecretPage.ready(await visit(), link);
    const { page } = reader;
    let tries = 0;
    await page.route('**/api/v1/reveal', async (route) => {
      tries += 1;
      if (tries > 1) return route.fulfill({ status, headers: { 'retry-after': '1' }, json: { error } });
      await route.fetch();
      await route.abort('connectionreset');
    });
    await reader.revealButton.click();
    await expect(reader.alert).toContainText(said);
    await page.unroute('**/api/v1/reveal');
    await reader.tryAgain.click();
    expect(await reader.text()).toBe('granted and lost');
    expect(await server.store.rows(idOf(link))).toEqual({ viewsLeft: null, viewsUsed: 1 });
  });
}

test('a burn whose answer is lost is repeated, and one that is never answered claims nothing', async ({ visit, server, watch }) => {
  test.setTimeout(90_000);
  watch.expect(LOST);
  const first = await ReceiptPage.of(await visit(), (await sent(server, 'burned once')).receipt);
  await loseAnswers(first.page, 'burn', 2);
  await first.burnNow.click();
  await first.burnIndeed.click();
  await expect(first.title).toHaveText('Burned');

  const second = await ReceiptPage.of(await visit(), (await sent(server, 'burned, and nobody said so')).receipt);
  await loseAnswers(second.page, 'burn', 1000);
  await second.burnNow.click();
  await second.burnIndeed.click();
  await expect(second.page.getByRole('alert')).toContainText('It is not known whether the secret was burned.', { timeout: 45_000 });
});

test('a create whose answer is lost three times makes one secret', async ({ visit, ownServer, watch }) => {
  watch.expect(LOST);
  const sender = await SendPage.of(await visit(), ownServer);
  await loseAnswers(sender.page, 'create', 3);
  const { link } = await sender.send('created once');
  expect(await ownServer.store.counts()).toEqual({ secrets: 1, receipts: 1, claims: 0 });
  expect(await (await SecretPage.ready(await visit(), link)).reveal()).toBe('created once');
});

test('a server that dies with the answer is named within half a minute, and trying again is the same view', async ({ visit, ownServer, watch }) => {
  test.setTimeout(90_000);
  watch.expect(LOST);
  const { link } = await sent(ownServer, 'survives the server');
  const reader = await SecretPage.ready(await visit(), link);
  await loseAnswers(reader.page, 'reveal', 1, () => ownServer.kill());
  const clicked = Date.now();
  await reader.revealButton.click();
  await expect(reader.status).toContainText('Keep this page open', { timeout: 5_000 });
  await expect(reader.alert).toContainText('The server does not answer.', { timeout: HALF_A_MINUTE });
  expect(Date.now() - clicked).toBeLessThan(HALF_A_MINUTE);
  await expect(reader.alert).toContainText('Your view is not lost');

  await ownServer.start();
  expect(await ownServer.store.rows(idOf(link))).toEqual({ viewsLeft: null, viewsUsed: 1 });
  await reader.tryAgain.click();
  expect(await reader.text()).toBe('survives the server');
  expect(await ownServer.store.rows(idOf(link))).toEqual({ viewsLeft: null, viewsUsed: 1 });
  expect((await ownServer.store.counts()).claims).toBe(1);
});

test('a server that is dead when the page looks is named, and trying again works', async ({ visit, ownServer, watch }) => {
  watch.expect(LOST);
  const { link } = await sent(ownServer, 'a moment later');
  const page = await visit();
  await page.route('**/api/v1/open', async (route) => {
    await ownServer.kill();
    await route.continue();
  });
  const reader = await SecretPage.of(page, link);
  await expect(reader.title).toHaveText('The server does not answer');
  await expect(reader.alert).toContainText('Nothing was opened, and no view was used.');

  await page.unroute('**/api/v1/open');
  await ownServer.start();
  expect(await ownServer.store.rows(idOf(link))).toEqual({ viewsLeft: 1, viewsUsed: 0 });
  await reader.tryAgain.click();
  expect(await reader.reveal()).toBe('a moment later');
});

test('what takes long is said: looking, and sending', async ({ visit, server }) => {
  const { link } = await sent(server, 'on a slow line');
  const slowly = async (page: Page, call: string) => {
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.route(`**/api/v1/${call}`, async (route) => {
      await released;
      await route.continue();
    });
    return release;
  };
  const page = await visit();
  const arrive = await slowly(page, 'open');
  const reader = await SecretPage.of(page, link);
  await expect(reader.status).toContainText('Still on its way', { timeout: 12_000 });
  arrive();
  expect(await reader.reveal()).toBe('on a slow line');

  const sender = await SendPage.of(await visit(), server);
  const pass = await slowly(sender.page, 'create');
  await sender.secret.fill('slowly sent');
  await sender.createLink.click();
  await expect(sender.page.getByRole('status').filter({ hasText: 'Still on its way' })).toBeVisible({ timeout: 12_000 });
  pass();
  await expect(sender.ready).toBeVisible();
});
