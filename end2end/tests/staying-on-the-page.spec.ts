import { SecretPage } from '../pages/secret';
import { sent } from '../support/secrets';
import { expect, test } from '../support/test';

test('no link of the page takes the key out of the address', async ({ visit, server }) => {
  const { link } = await sent(server, 'read by keyboard');
  const reader = await SecretPage.ready(await visit(), link);
  for (const inside of await reader.page.locator('a[href^="#"]').all()) {
    await inside.press('Enter');
    await reader.page.waitForTimeout(300);
    await reader.page.reload();
    await expect(reader.revealButton).toBeEnabled();
  }
  expect(await reader.reveal()).toBe('read by keyboard');
});

test('no link of the page takes a revealed secret away', async ({ visit, server }) => {
  const { link } = await sent(server, 'still there');
  const reader = await SecretPage.ready(await visit(), link);
  const { page } = reader;
  expect(await reader.reveal()).toBe('still there');
  for (const elsewhere of await page.getByRole('link').all()) {
    const name = await elsewhere.textContent();
    const opensTab = (await elsewhere.getAttribute('target')) === '_blank';
    const tab = opensTab ? page.context().waitForEvent('page') : undefined;
    await elsewhere.press('Enter');
    await (await tab)?.waitForLoadState('networkidle');
    await page.waitForTimeout(300);
    await expect(reader.secret, `after following "${name}"`).toHaveText('still there', { timeout: 2_000 });
  }
});

test('leaving is asked about while a view may be under way, and not once the secret is here', async ({ visit, ownServer, watch }) => {
  test.setTimeout(90_000);
  watch.expect(/ERR_CONNECTION_REFUSED/);
  const { link } = await sent(ownServer, 'stay a while');
  const reader = await SecretPage.ready(await visit(), link);
  const asked: string[] = [];
  reader.page.on('dialog', (dialog) => {
    asked.push(dialog.type());
    void dialog.dismiss();
  });
  await ownServer.kill();
  await reader.revealButton.click();
  await expect(reader.alert).toContainText('The server does not answer.', { timeout: 30_000 });
  await reader.page.close({ runBeforeUnload: true });
  await expect.poll(() => asked).toEqual(['beforeunload']);

  await ownServer.start();
  await reader.tryAgain.click();
  expect(await reader.text()).toBe('stay a while');
  await reader.page.close({ runBeforeUnload: true });
  await expect.poll(() => reader.page.isClosed()).toBe(true);
  expect(asked).toEqual(['beforeunload']);
});
