import { SecretPage } from '../pages/secret-page';
import { SERVER_DOWN } from '../support/browser-monitor';
import { createSecret } from '../support/secrets';
import { expect, test } from '../support/test';

test('links of the page keep the key in the address', async ({ openPage, server }) => {
  const { link } = await createSecret(server, 'read by keyboard');
  const recipient = await SecretPage.openReady(await openPage(), link);
  for (const anchor of await recipient.page.locator('a[href^="#"]').all()) {
    await anchor.press('Enter');
    await recipient.page.waitForTimeout(300);
    await recipient.page.reload();
    await expect(recipient.revealButton).toBeEnabled();
  }
  expect(await recipient.reveal()).toBe('read by keyboard');
});

test('links of the page keep a revealed secret visible', async ({ openPage, server }) => {
  const { link } = await createSecret(server, 'still there');
  const recipient = await SecretPage.openReady(await openPage(), link);
  const { page } = recipient;
  expect(await recipient.reveal()).toBe('still there');
  for (const anchor of await page.getByRole('link').all()) {
    const name = await anchor.textContent();
    const opensNewTab = (await anchor.getAttribute('target')) === '_blank';
    const tab = opensNewTab ? page.context().waitForEvent('page') : undefined;
    await anchor.press('Enter');
    await (await tab)?.waitForLoadState('networkidle');
    await page.waitForTimeout(300);
    await expect(recipient.secret, `after following "${name}"`).toHaveText('still there', { timeout: 2_000 });
  }
});

test('leaving needs a confirmation while a reveal may be in progress, and none once the secret is shown', async ({ openPage, ownServer, monitor }) => {
  test.setTimeout(90_000);
  monitor.allowMessages(SERVER_DOWN);
  const { link } = await createSecret(ownServer, 'stay a while');
  const recipient = await SecretPage.openReady(await openPage(), link);
  const dialogs: string[] = [];
  recipient.page.on('dialog', (dialog) => {
    dialogs.push(dialog.type());
    void dialog.dismiss();
  });
  await ownServer.kill();
  await recipient.revealButton.click();
  await expect(recipient.alert).toContainText('The server does not answer.', { timeout: 30_000 });
  await recipient.page.close({ runBeforeUnload: true });
  await expect.poll(() => dialogs).toEqual(['beforeunload']);

  await ownServer.start();
  await recipient.tryAgain.click();
  expect(await recipient.secretText()).toBe('stay a while');
  await recipient.page.close({ runBeforeUnload: true });
  await expect.poll(() => recipient.page.isClosed()).toBe(true);
  expect(dialogs).toEqual(['beforeunload']);
});
