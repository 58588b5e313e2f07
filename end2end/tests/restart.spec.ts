import { ReceiptPage } from '../pages/receipt-page';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { expect, test } from '../support/test';

/** A page may request its icon while its server is down. */
const ICON_ERROR = /ERR_CONNECTION_(REFUSED|RESET)/;

test('secret survives a killed and restarted server', async ({ openPage, ownServer, monitor }) => {
  monitor.allowMessages(ICON_ERROR);
  const { link, receipt } = await (await SendPage.open(await openPage(), ownServer)).send('durable');
  await ownServer.kill();
  await ownServer.start();
  expect(await (await SecretPage.openReady(await openPage(), link)).reveal()).toBe('durable');
  await expect((await ReceiptPage.open(await openPage(), receipt)).title).toHaveText('Opened, and deleted');
});

test('page that was open during a restart reveals the secret', async ({ openPage, ownServer, monitor }) => {
  monitor.allowMessages(ICON_ERROR);
  const { link } = await (await SendPage.open(await openPage(), ownServer)).send('patient');
  const recipient = await SecretPage.openReady(await openPage(), link);
  await ownServer.kill();
  await ownServer.start();
  expect(await recipient.reveal()).toBe('patient');
});
