import { SendPage } from '../pages/send-page';
import { expect, test } from '../support/test';

test('colour scheme follows the system, can be switched, and is remembered on every page', async ({ openPage, server }) => {
  const page = await openPage();
  await page.emulateMedia({ colorScheme: 'light' });
  await SendPage.open(page, server);
  const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await background();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await background();
  expect(dark).not.toBe(light);

  await page.getByLabel('Appearance').selectOption('Light');
  expect(await background()).toBe(light);
  await page.goto(`${server.origin}/security`);
  expect(await background()).toBe(light);
  await expect(page.getByLabel('Appearance')).toHaveValue('light');
  expect(await page.evaluate(() => JSON.stringify(localStorage))).toBe('{"theme":"light"}');

  await page.getByLabel('Appearance').selectOption('As the system');
  expect(await background()).toBe(dark);
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
});

test('colour scheme can be switched without local storage', async ({ openPage, server }) => {
  const page = await openPage();
  await page.addInitScript(() => {
    Object.defineProperty(globalThis, 'localStorage', { get: () => { throw new Error('not allowed'); } });
  });
  await SendPage.open(page, server);
  await page.getByLabel('Appearance').selectOption('Dark');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});
