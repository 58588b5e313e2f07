import { ReceiptPage } from '../pages/receipt-page';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { SERVER_DOWN } from '../support/browser-monitor';
import { expect, test } from '../support/test';

test('secret survives a killed and restarted server', async ({ openPage, ownServer, monitor }) => {
  // A page may request its icon while its server is down.
  monitor.allowMessages(SERVER_DOWN);
  const { link, receipt } = await (await SendPage.open(await openPage(), ownServer)).send('durable');
  await ownServer.kill();
  await ownServer.start();
  expect(await (await SecretPage.openReady(await openPage(), link)).reveal()).toBe('durable');
  await expect((await ReceiptPage.open(await openPage(), receipt)).title).toHaveText('Opened, and deleted');
});

test('page that was open during a restart reveals the secret', async ({ openPage, ownServer, monitor }) => {
  // A page may request its icon while its server is down.
  monitor.allowMessages(SERVER_DOWN);
  const { link } = await (await SendPage.open(await openPage(), ownServer)).send('patient');
  const recipient = await SecretPage.openReady(await openPage(), link);
  await ownServer.kill();
  await ownServer.start();
  expect(await recipient.reveal()).toBe('patient');
});
