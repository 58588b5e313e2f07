import { ReceiptPage } from '../pages/receipt-page';
import { SecretPage } from '../pages/secret-page';
import { recordApiRequests } from '../support/api-requests';
import { createSecret } from '../support/secrets';
import { expect, test } from '../support/test';

test('receipt shows no view, and each view after a refresh', async ({ openPage, server }) => {
  const { link, receipt } = await createSecret(server, 'refreshed', { views: 2 });
  const sender = await ReceiptPage.open(await openPage(), receipt);
  await expect(sender.title).toHaveText('Not opened yet');
  await expect(sender.views).toHaveText('0 of 2 views used.');

  await (await SecretPage.openReady(await openPage(), link)).reveal();
  await sender.refreshButton.click();
  await expect(sender.title).toHaveText('Opened, with views left');
  await expect(sender.views).toHaveText('1 of 2 views used.');
  await expect(sender.page.getByText(/read by/i)).toHaveCount(0);

  await (await SecretPage.openReady(await openPage(), link)).reveal();
  await sender.refreshButton.click();
  await expect(sender.title).toHaveText('Opened, and deleted');
  await expect(sender.timeline.filter({ hasText: 'Released to somebody who has the link' })).toHaveCount(2);
});

test('receipt link without a secret is reported', async ({ openPage, server, monitor }) => {
  monitor.allowMessages(/status of 404/);
  const page = await ReceiptPage.open(await openPage(), `${server.origin}/receipt#t=${'A'.repeat(43)}`);
  await expect(page.title).toHaveText('There is no receipt for this link');
});

test('truncated receipt link is reported, and makes no request', async ({ openPage, server }) => {
  const { receipt } = await createSecret(server, 'whatever');
  for (const [link, title] of [
    [receipt.slice(0, -1), 'This receipt link is damaged'],
    [receipt.replace(/#.*/, ''), 'The part after # is missing'],
  ] as const) {
    const page = await openPage();
    const apiRequests = recordApiRequests(page);
    const receiptPage = await ReceiptPage.open(page, link);
    await expect(receiptPage.title).toHaveText(title);
    expect(apiRequests).toEqual([]);
  }
});

test('receipt token does not reveal the secret', async ({ openPage, server }) => {
  const { link, receipt } = await createSecret(server, 'not for the holder of the receipt');
  const page = await openPage();
  await page.goto(`${link.replace(/#.*/, '')}#k=${receipt.split('#t=')[1]}`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This link is damaged');
});

test('visible receipt updates itself and announces changes', async ({ openPage, server }) => {
  const { link, receipt } = await createSecret(server, 'followed');
  const page = await openPage();
  await page.clock.install();
  const sender = await ReceiptPage.open(page, receipt);
  await expect(sender.title).toHaveText('Not opened yet');
  await sender.burnButton.focus();
  await (await SecretPage.openReady(await openPage(), link)).reveal();
  await page.clock.runFor(11_000);
  await expect(sender.title).toHaveText('Opened, and deleted');
  await expect(page.getByRole('status').filter({ hasText: 'Opened, and deleted' })).toHaveCount(1);
  // The state is final, so that no more requests are made.
  const apiRequests = recordApiRequests(page);
  await page.clock.runFor(60_000);
  expect(apiRequests).toEqual([]);
});
