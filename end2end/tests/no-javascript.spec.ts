import { calls } from '../support/calls';
import { pressEverything } from '../support/press';
import { idOf, sent } from '../support/secrets';
import { expect, test } from '../support/test';

// Chromium says so of a script that it was told not to run.
const NOT_RUN = /^failed: GET \S+\.js csp$/;

for (const [path, reassurance] of [
  ['/', 'nothing was sent'],
  ['/s/', 'nothing was opened'],
  ['/receipt', 'nothing was changed'],
] as const) {
  test(`without JavaScript ${path} explains itself, and ${reassurance}`, async ({ visit, server, watch }) => {
    watch.expect(NOT_RUN);
    const { link, receipt } = await sent(server, 'not without JavaScript');
    const page = await visit();
    const asked = calls(page);
    await page.goto({ '/': server.origin, '/s/': link, '/receipt': receipt }[path]);
    await expect(page.getByRole('alert')).toHaveText(
      `This page needs JavaScript, since your browser does the encryption itself. It is switched off here, and ${reassurance}.`,
    );
    const before = page.url();
    await pressEverything(page);
    await page.reload();
    expect(page.url()).toBe(before);
    expect(asked).toEqual([]);
    expect(await server.store.rows(idOf(link))).toEqual({ viewsLeft: 1, viewsUsed: 0 });
  });
}

test('what the pages say about the product can be read without JavaScript', async ({ visit, server, watch }) => {
  watch.expect(NOT_RUN, /status of 404/);
  const page = await visit();
  await page.goto(server.origin);
  await expect(page.getByRole('heading', { name: 'How it works' })).toBeVisible();
  const missing = await page.goto(`${server.origin}/no-such-page`);
  expect(missing?.status()).toBe(404);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no such page');
});
