import { SendPage } from '../pages/send';
import { expect, test } from '../support/test';

test('light and dark follow the system, can be switched, and are remembered on every page', async ({ visit, server }) => {
  const page = await visit();
  await page.emulateMedia({ colorScheme: 'light' });
  await SendPage.of(page, server);
  const paper = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await paper();
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await paper();
  expect(dark).not.toBe(light);

  await page.getByLabel('Appearance').selectOption('Light');
  expect(await paper()).toBe(light);
  await page.goto(`${server.origin}/security`);
  expect(await paper()).toBe(light);
  await expect(page.getByLabel('Appearance')).toHaveValue('light');
  expect(await page.evaluate(() => JSON.stringify(localStorage))).toBe('{"theme":"light"}');

  await page.getByLabel('Appearance').selectOption('As the system');
  expect(await paper()).toBe(dark);
  expect(await page.evaluate(() => localStorage.length)).toBe(0);
});

test('a browser that keeps nothing can be switched too', async ({ visit, server }) => {
  const page = await visit();
  await page.addInitScript(() => {
    Object.defineProperty(globalThis, 'localStorage', { get: () => { throw new Error('not allowed'); } });
  });
  await SendPage.of(page, server);
  await page.getByLabel('Appearance').selectOption('Dark');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});
