import { ReceiptPage } from '../pages/receipt';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { expect, test } from '../support/test';

/** A page may still be asking for its icon when its server goes. */
const ICON = /ERR_CONNECTION_(REFUSED|RESET)/;

test('a secret survives the server being killed and started again', async ({ visit, ownServer, watch }) => {
  watch.expect(ICON);
  const { link, receipt } = await (await SendPage.of(await visit(), ownServer)).send('written down');
  await ownServer.kill();
  await ownServer.start();
  expect(await (await SecretPage.ready(await visit(), link)).reveal()).toBe('written down');
  await expect((await ReceiptPage.of(await visit(), receipt)).title).toHaveText('Opened, and deleted');
});

test('a page that was open while the server was restarted reveals', async ({ visit, ownServer, watch }) => {
  watch.expect(ICON);
  const { link } = await (await SendPage.of(await visit(), ownServer)).send('patient');
  const reader = await SecretPage.ready(await visit(), link);
  await ownServer.kill();
  await ownServer.start();
  expect(await reader.reveal()).toBe('patient');
});
