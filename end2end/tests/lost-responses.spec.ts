import type { Page } from '@playwright/test';
import { ReceiptPage } from '../pages/receipt-page';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { SERVER_DOWN } from '../support/browser-monitor';
import { idOf, createSecret } from '../support/secrets';
import { expect, test } from '../support/test';

const HALF_A_MINUTE_MS = 30_000;

/** Drops the responses to the first requests of a call, after the server has answered them. */
async function dropResponses(page: Page, call: string, times: number, afterResponse = async () => {}): Promise<void> {
  let left = times;
  await page.route(`**/api/v1/${call}`, async (route) => {
    if (left === 0) return route.continue();
    left -= 1;
    await route.fetch();
    await afterResponse();
    await route.abort('connectionreset');
  });
}

test('reveal whose response is lost three times shows the secret and uses one view', async ({ openPage, ownServer, monitor }) => {
  monitor.allowMessages(SERVER_DOWN);
  const { link } = await createSecret(ownServer, 'lost and found', { views: 3 });
  const recipient = await SecretPage.openReady(await openPage(), link);
  await dropResponses(recipient.page, 'reveal', 3);
  await recipient.revealButton.click();
  await expect(recipient.status).toContainText('No answer yet, trying again. Keep this page open.');
  expect(await recipient.secretText()).toBe('lost and found');
  await expect(recipient.status.first()).toContainText('can be opened twice more');
  expect(await ownServer.store.viewCounts(idOf(link))).toEqual({ viewsLeft: 2, viewsUsed: 1 });
  expect(await ownServer.store.rowCounts()).toEqual({ secrets: 1, receipts: 1, claims: 1 });
});

for (const [status, error, message] of [
  [429, 'rate_limited', 'Too many requests from here. Your view is not lost'],
  [507, 'storage_full', 'The server does not answer. Your view is not lost'],
] as const) {
  test(`reveal whose response is lost and whose retry gets ${status} keeps its claim`, async ({ openPage, server, monitor }) => {
    monitor.allowMessages(SERVER_DOWN, /status of (429|507)/);
    const { link } = await createSecret(server, 'granted and lost');
    const recipient = await SecretPage.openReady(await openPage(), link);
    const { page } = recipient;
    let tries = 0;
    await page.route('**/api/v1/reveal', async (route) => {
      tries += 1;
      if (tries > 1) return route.fulfill({ status, headers: { 'retry-after': '1' }, json: { error } });
      await route.fetch();
      await route.abort('connectionreset');
    });
    await recipient.revealButton.click();
    await expect(recipient.alert).toContainText(message);
    await page.unroute('**/api/v1/reveal');
    await recipient.tryAgain.click();
    expect(await recipient.secretText()).toBe('granted and lost');
    expect(await server.store.viewCounts(idOf(link))).toEqual({ viewsLeft: null, viewsUsed: 1 });
  });
}

test('burn whose response is lost is repeated, and a burn without response is reported as unknown', async ({ openPage, server, monitor }) => {
  test.setTimeout(90_000);
  monitor.allowMessages(SERVER_DOWN);
  const first = await ReceiptPage.open(await openPage(), (await createSecret(server, 'burned once')).receipt);
  await dropResponses(first.page, 'burn', 2);
  await first.burnButton.click();
  await first.confirmBurn.click();
  await expect(first.title).toHaveText('Burned');

  const second = await ReceiptPage.open(await openPage(), (await createSecret(server, 'burned without a response')).receipt);
  await dropResponses(second.page, 'burn', 1000);
  await second.burnButton.click();
  await second.confirmBurn.click();
  await expect(second.page.getByRole('alert')).toContainText('It is not known whether the secret was burned.', { timeout: 45_000 });
});

test('create whose response is lost three times creates one secret', async ({ openPage, ownServer, monitor }) => {
  monitor.allowMessages(SERVER_DOWN);
  const sender = await SendPage.open(await openPage(), ownServer);
  await dropResponses(sender.page, 'create', 3);
  const { link } = await sender.send('created once');
  expect(await ownServer.store.rowCounts()).toEqual({ secrets: 1, receipts: 1, claims: 0 });
  expect(await (await SecretPage.openReady(await openPage(), link)).reveal()).toBe('created once');
});

test('server that dies before its response is reported within half a minute, and trying again uses the same view', async ({ openPage, ownServer, monitor }) => {
  test.setTimeout(90_000);
  monitor.allowMessages(SERVER_DOWN);
  const { link } = await createSecret(ownServer, 'survives the server');
  const recipient = await SecretPage.openReady(await openPage(), link);
  await dropResponses(recipient.page, 'reveal', 1, () => ownServer.kill());
  const clicked = Date.now();
  await recipient.revealButton.click();
  await expect(recipient.status).toContainText('Keep this page open', { timeout: 5_000 });
  await expect(recipient.alert).toContainText('The server does not answer.', { timeout: HALF_A_MINUTE_MS });
  expect(Date.now() - clicked).toBeLessThan(HALF_A_MINUTE_MS);
  await expect(recipient.alert).toContainText('Your view is not lost');

  await ownServer.start();
  expect(await ownServer.store.viewCounts(idOf(link))).toEqual({ viewsLeft: null, viewsUsed: 1 });
  await recipient.tryAgain.click();
  expect(await recipient.secretText()).toBe('survives the server');
  expect(await ownServer.store.viewCounts(idOf(link))).toEqual({ viewsLeft: null, viewsUsed: 1 });
  expect((await ownServer.store.rowCounts()).claims).toBe(1);
});

test('server that is down when the page loads is reported, and trying again works', async ({ openPage, ownServer, monitor }) => {
  monitor.allowMessages(SERVER_DOWN);
  const { link } = await createSecret(ownServer, 'a moment later');
  const page = await openPage();
  await page.route('**/api/v1/open', async (route) => {
    await ownServer.kill();
    await route.continue();
  });
  const recipient = await SecretPage.open(page, link);
  await expect(recipient.title).toHaveText('The server does not answer');
  await expect(recipient.alert).toContainText('Nothing was opened, and no view was used.');

  await page.unroute('**/api/v1/open');
  await ownServer.start();
  expect(await ownServer.store.viewCounts(idOf(link))).toEqual({ viewsLeft: 1, viewsUsed: 0 });
  await recipient.tryAgain.click();
  expect(await recipient.reveal()).toBe('a moment later');
});

test('slow loading and sending show a progress notice', async ({ openPage, server }) => {
  const { link } = await createSecret(server, 'on a slow line');
  const delayCall = async (page: Page, call: string) => {
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.route(`**/api/v1/${call}`, async (route) => {
      await released;
      await route.continue();
    });
    return release;
  };
  const page = await openPage();
  const releaseOpen = await delayCall(page, 'open');
  const recipient = await SecretPage.open(page, link);
  await expect(recipient.status).toContainText('Still on its way', { timeout: 12_000 });
  releaseOpen();
  expect(await recipient.reveal()).toBe('on a slow line');

  const sender = await SendPage.open(await openPage(), server);
  const releaseCreate = await delayCall(sender.page, 'create');
  await sender.secret.fill('slowly sent');
  await sender.createLink.click();
  await expect(sender.page.getByRole('status').filter({ hasText: 'Still on its way' })).toBeVisible({ timeout: 12_000 });
  releaseCreate();
  await expect(sender.linkReady).toBeVisible();
});
