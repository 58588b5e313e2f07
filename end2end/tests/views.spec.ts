import { ReceiptPage } from '../pages/receipt';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { idOf } from '../support/secrets';
import { expect, test } from '../support/test';

test('three views are for three readers, and the fourth is told what happened', async ({ visit, server, watch }) => {
  const sender = await SendPage.of(await visit(), server);
  await sender.chooseViews('3 times');
  const { link, receipt } = await sender.send('for three');

  const leads = ['can be opened 3 times more', 'can be opened twice more', 'can be opened once'];
  const afterwards = ['can be opened twice more', 'can be opened once more', 'deleted from the server now'];
  for (const [index, lead] of leads.entries()) {
    const reader = await SecretPage.ready(await visit(), link);
    await expect(reader.page.getByText(lead)).toBeVisible();
    expect(await reader.reveal()).toBe('for three');
    await expect(reader.status.first()).toContainText(afterwards[index] ?? '');
    const left = 2 - index;
    expect(await server.store.rows(idOf(link))).toEqual({ viewsLeft: left || null, viewsUsed: index + 1 });
  }

  watch.expect(/status of 410/);
  const fourth = await SecretPage.of(await visit(), link);
  await expect(fourth.title).toHaveText('This secret was opened already');
  await expect(fourth.alert).toContainText(/It was opened (today|yesterday) at \d\d:\d\d/);
  await expect(fourth.alert).toContainText('If that was not you, tell the sender: somebody else may have read it.');
  await expect(fourth.revealButton).toHaveCount(0);

  const told = await ReceiptPage.of(await visit(), receipt);
  await expect(told.title).toHaveText('Opened, and deleted');
  await expect(told.views).toHaveText('3 of 3 views used.');
  await expect(told.timeline.filter({ hasText: 'Released to somebody who has the link' })).toHaveCount(3);
});

test('of two who look at the last view only one gets it', async ({ visit, server, watch }) => {
  watch.expect(/status of 410/);
  const { link } = await (await SendPage.of(await visit(), server)).send('for one');
  const first = await SecretPage.ready(await visit(), link);
  const second = await SecretPage.ready(await visit(), link);
  expect(await first.reveal()).toBe('for one');
  await second.revealButton.click();
  await expect(second.title).toHaveText('This secret was opened already');
});
