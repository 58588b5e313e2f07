import { ReceiptPage } from '../pages/receipt';
import { SecretPage } from '../pages/secret';
import { calls } from '../support/calls';
import { sent } from '../support/secrets';
import { expect, test } from '../support/test';

test('the receipt says that nobody has opened it, and after a refresh that somebody has', async ({ visit, server }) => {
  const { link, receipt } = await sent(server, 'watched', { views: 2 });
  const sender = await ReceiptPage.of(await visit(), receipt);
  await expect(sender.title).toHaveText('Not opened yet');
  await expect(sender.views).toHaveText('0 of 2 views used.');

  await (await SecretPage.ready(await visit(), link)).reveal();
  await sender.refresh.click();
  await expect(sender.title).toHaveText('Opened, with views left');
  await expect(sender.views).toHaveText('1 of 2 views used.');
  await expect(sender.page.getByText(/read by/i)).toHaveCount(0);

  await (await SecretPage.ready(await visit(), link)).reveal();
  await sender.refresh.click();
  await expect(sender.title).toHaveText('Opened, and deleted');
  await expect(sender.timeline.filter({ hasText: 'Released to somebody who has the link' })).toHaveCount(2);
});

test('a receipt link of no secret is told so', async ({ visit, server, watch }) => {
  watch.expect(/status of 404/);
  const page = await ReceiptPage.of(await visit(), `${server.origin}/receipt#t=${'A'.repeat(43)}`);
  await expect(page.title).toHaveText('There is no receipt for this link');
});

test('a receipt link that lost its end is told so, and asks the server nothing', async ({ visit, server }) => {
  const { receipt } = await sent(server, 'whatever');
  for (const [link, title] of [
    [receipt.slice(0, -1), 'This receipt link is damaged'],
    [receipt.replace(/#.*/, ''), 'The part after # is missing'],
  ] as const) {
    const page = await visit();
    const asked = calls(page);
    const told = await ReceiptPage.of(page, link);
    await expect(told.title).toHaveText(title);
    expect(asked).toEqual([]);
  }
});

test('a receipt link does not open the secret', async ({ visit, server }) => {
  const { link, receipt } = await sent(server, 'not for the receipt');
  const page = await visit();
  await page.goto(`${link.replace(/#.*/, '')}#k=${receipt.split('#t=')[1]}`);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('This link is damaged');
});

test('the receipt follows by itself while somebody looks, and announces what is new', async ({ visit, server }) => {
  const { link, receipt } = await sent(server, 'followed');
  const page = await visit();
  await page.clock.install();
  const sender = await ReceiptPage.of(page, receipt);
  await expect(sender.title).toHaveText('Not opened yet');
  await sender.burnNow.focus();
  await (await SecretPage.ready(await visit(), link)).reveal();
  await page.clock.runFor(11_000);
  await expect(sender.title).toHaveText('Opened, and deleted');
  await expect(page.getByRole('status').filter({ hasText: 'Opened, and deleted' })).toHaveCount(1);
  // Nothing more can happen, and nothing more is asked.
  const asked = calls(page);
  await page.clock.runFor(60_000);
  expect(asked).toEqual([]);
});
