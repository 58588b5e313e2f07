import { ReceiptPage } from '../pages/receipt';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { calls } from '../support/calls';
import { idOf, sent } from '../support/secrets';
import { expect, test } from '../support/test';

const TODAY = /(today|yesterday) at \d\d:\d\d/;

test('an expired secret is gone, and the page says since when', async ({ visit, server, watch }) => {
  watch.expect(/status of 410/);
  const { link, receipt } = await sent(server, 'too late');
  const early = await SecretPage.ready(await visit(), link);
  await server.store.expire(idOf(link));

  await early.revealButton.click();
  await expect(early.title).toHaveText('This secret has expired');
  const late = await SecretPage.of(await visit(), link);
  await expect(late.title).toHaveText('This secret has expired');
  await expect(late.alert).toContainText(TODAY);
  await expect(late.alert).toContainText('Ask the sender for a new link.');

  const told = await ReceiptPage.of(await visit(), receipt);
  await expect(told.title).toHaveText('Expired without being opened');
  await expect(told.burnNow).toHaveCount(0);
});

test('the expiry that was chosen is the one that is promised', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  await sender.chooseExpiry('10 minutes');
  const { link, receipt } = await sender.send('for ten minutes');
  await expect(sender.page.getByText(/^Opens once, until (today|tomorrow) at \d\d:\d\d\./)).toBeVisible();
  const reader = await SecretPage.ready(await visit(), link);
  await expect(reader.page.getByText(/\(in (9|10) minutes\)/)).toBeVisible();
  const told = await ReceiptPage.of(await visit(), receipt);
  await expect(told.timeline.last()).toHaveText(/^Expires (today|tomorrow) at \d\d:\d\d \(in (9|10) minutes\)$/);
});

test('burning asks first, and then the secret is gone', async ({ visit, server, watch }) => {
  const { link, receipt } = await sent(server, 'to be burned');
  const sender = await ReceiptPage.of(await visit(), receipt);
  await sender.burnNow.click();
  await expect(sender.burnIndeed).toBeVisible();
  await sender.keep.click();
  await expect(sender.burnIndeed).toHaveCount(0);
  expect(await server.store.rows(idOf(link))).toEqual({ viewsLeft: 1, viewsUsed: 0 });

  await sender.burnNow.click();
  await sender.burnIndeed.click();
  await expect(sender.title).toHaveText('Burned');
  await expect(sender.timeline.last()).toHaveText(new RegExp(`^Burned by you ${TODAY.source}$`));
  await expect(sender.burnNow).toHaveCount(0);
  expect(await server.store.rows(idOf(link))).toEqual({ viewsLeft: null, viewsUsed: 0 });

  watch.expect(/status of 410/);
  const reader = await SecretPage.of(await visit(), link);
  await expect(reader.title).toHaveText('The sender burned this secret');
  await expect(reader.alert).toContainText(TODAY);
});

test('a double click on one place burns nothing', async ({ visit, server }) => {
  const { link, receipt } = await sent(server, 'not to be burned by accident');
  const sender = await ReceiptPage.of(await visit(), receipt);
  const box = await sender.burnNow.boundingBox();
  if (!box) throw new Error('the button is not there');
  const asked = calls(sender.page);
  await sender.page.mouse.dblclick(box.x + box.width / 2, box.y + box.height / 2);
  await sender.page.waitForTimeout(500);
  expect(asked).toEqual([]);
  expect(await server.store.rows(idOf(link))).toEqual({ viewsLeft: 1, viewsUsed: 0 });
});
