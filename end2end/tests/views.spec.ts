import { ReceiptPage } from '../pages/receipt-page';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { idOf } from '../support/secrets';
import { expect, test } from '../support/test';

test('secret with three views is revealed three times, and the fourth recipient sees why not', async ({ openPage, server, monitor }) => {
  const sender = await SendPage.open(await openPage(), server);
  await sender.chooseViews('3 times');
  const { link, receipt } = await sender.send('for three');

  const leads = ['can be opened 3 times more', 'can be opened twice more', 'can be opened once'];
  const afterwards = ['can be opened twice more', 'can be opened once more', 'deleted from the server now'];
  for (const [index, lead] of leads.entries()) {
    const recipient = await SecretPage.openReady(await openPage(), link);
    await expect(recipient.page.getByText(lead)).toBeVisible();
    expect(await recipient.reveal()).toBe('for three');
    await expect(recipient.status.first()).toContainText(afterwards[index] ?? '');
    const left = 2 - index;
    expect(await server.store.viewCounts(idOf(link))).toEqual({ viewsLeft: left || null, viewsUsed: index + 1 });
  }

  monitor.allowMessages(/status of 410/);
  const fourth = await SecretPage.open(await openPage(), link);
  await expect(fourth.title).toHaveText('This secret was opened already');
  await expect(fourth.alert).toContainText(/It was opened (today|yesterday) at \d\d:\d\d/);
  await expect(fourth.alert).toContainText('If that was not you, tell the sender: somebody else may have read it.');
  await expect(fourth.revealButton).toHaveCount(0);

  const receiptPage = await ReceiptPage.open(await openPage(), receipt);
  await expect(receiptPage.title).toHaveText('Opened, and deleted');
  await expect(receiptPage.views).toHaveText('3 of 3 views used.');
  await expect(receiptPage.timeline.filter({ hasText: 'Released to somebody who has the link' })).toHaveCount(3);
});

test('last view is granted to one of two recipients', async ({ openPage, server, monitor }) => {
  monitor.allowMessages(/status of 410/);
  const { link } = await (await SendPage.open(await openPage(), server)).send('for one');
  const first = await SecretPage.openReady(await openPage(), link);
  const second = await SecretPage.openReady(await openPage(), link);
  expect(await first.reveal()).toBe('for one');
  await second.revealButton.click();
  await expect(second.title).toHaveText('This secret was opened already');
});
