import { ReceiptPage } from '../pages/receipt-page';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { recordApiRequests } from '../support/api-requests';
import { idOf, createSecret } from '../support/secrets';
import { expect, test } from '../support/test';

const TIME = /(today|yesterday) at \d\d:\d\d/;

test('expired secret is gone, and the page shows when it expired', async ({ openPage, server, monitor }) => {
  monitor.allowMessages(/status of 410/);
  const { link, receipt } = await createSecret(server, 'too late');
  const early = await SecretPage.openReady(await openPage(), link);
  await server.store.expire(idOf(link));

  await early.revealButton.click();
  await expect(early.title).toHaveText('This secret has expired');
  const late = await SecretPage.open(await openPage(), link);
  await expect(late.title).toHaveText('This secret has expired');
  await expect(late.alert).toContainText(TIME);
  await expect(late.alert).toContainText('Ask the sender for a new link.');

  const receiptPage = await ReceiptPage.open(await openPage(), receipt);
  await expect(receiptPage.title).toHaveText('Expired without being opened');
  await expect(receiptPage.burnButton).toHaveCount(0);
});

test('chosen expiry is shown to sender and recipient', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  await sender.chooseExpiry('10 minutes');
  const { link, receipt } = await sender.send('for ten minutes');
  await expect(sender.page.getByText(/^Opens once, until (today|tomorrow) at \d\d:\d\d\./)).toBeVisible();
  const recipient = await SecretPage.openReady(await openPage(), link);
  await expect(recipient.page.getByText(/\(in (9|10) minutes\)/)).toBeVisible();
  const receiptPage = await ReceiptPage.open(await openPage(), receipt);
  await expect(receiptPage.timeline.last()).toHaveText(/^Expires (today|tomorrow) at \d\d:\d\d \(in (9|10) minutes\)$/);
});

test('burned secret is gone after a confirmation', async ({ openPage, server, monitor }) => {
  const { link, receipt } = await createSecret(server, 'to be burned');
  const sender = await ReceiptPage.open(await openPage(), receipt);
  await sender.burnButton.click();
  await expect(sender.confirmBurn).toBeVisible();
  await sender.cancelBurn.click();
  await expect(sender.confirmBurn).toHaveCount(0);
  expect(await server.store.viewCounts(idOf(link))).toEqual({ viewsLeft: 1, viewsUsed: 0 });

  await sender.burnButton.click();
  await sender.confirmBurn.click();
  await expect(sender.title).toHaveText('Burned');
  await expect(sender.timeline.last()).toHaveText(new RegExp(`^Burned by you ${TIME.source}$`));
  await expect(sender.burnButton).toHaveCount(0);
  expect(await server.store.viewCounts(idOf(link))).toEqual({ viewsLeft: null, viewsUsed: 0 });

  monitor.allowMessages(/status of 410/);
  const recipient = await SecretPage.open(await openPage(), link);
  await expect(recipient.title).toHaveText('The sender burned this secret');
  await expect(recipient.alert).toContainText(TIME);
});

test('double click on the burn button burns nothing', async ({ openPage, server }) => {
  const { link, receipt } = await createSecret(server, 'not to be burned by accident');
  const sender = await ReceiptPage.open(await openPage(), receipt);
  const box = await sender.burnButton.boundingBox();
  if (!box) throw new Error('the button is not visible');
  const apiRequests = recordApiRequests(sender.page);
  await sender.page.mouse.dblclick(box.x + box.width / 2, box.y + box.height / 2);
  await sender.page.waitForTimeout(500);
  expect(apiRequests).toEqual([]);
  expect(await server.store.viewCounts(idOf(link))).toEqual({ viewsLeft: 1, viewsUsed: 0 });
});
