import { recordApiRequests } from '../support/api-requests';
import { clickEverything } from '../support/click-everything';
import { idOf, createSecret } from '../support/secrets';
import { expect, test } from '../support/test';

// Chromium reports each script that it does not run.
const SCRIPT_NOT_RUN = /^failed: GET \S+\.js csp$/;

for (const [path, reassurance] of [
  ['/', 'nothing was sent'],
  ['/s/', 'nothing was opened'],
  ['/receipt', 'nothing was changed'],
] as const) {
  test(`${path} without JavaScript shows the reason, and ${reassurance}`, async ({ openPage, server, monitor }) => {
    monitor.allowMessages(SCRIPT_NOT_RUN);
    const { link, receipt } = await createSecret(server, 'not without JavaScript');
    const page = await openPage();
    const apiRequests = recordApiRequests(page);
    await page.goto({ '/': server.origin, '/s/': link, '/receipt': receipt }[path]);
    await expect(page.getByRole('alert')).toHaveText(
      `This page needs JavaScript, since your browser does the encryption itself. It is switched off here, and ${reassurance}.`,
    );
    const before = page.url();
    await clickEverything(page);
    await page.reload();
    expect(page.url()).toBe(before);
    expect(apiRequests).toEqual([]);
    expect(await server.store.viewCounts(idOf(link))).toEqual({ viewsLeft: 1, viewsUsed: 0 });
  });
}

test('texts about the product can be read without JavaScript', async ({ openPage, server, monitor }) => {
  monitor.allowMessages(SCRIPT_NOT_RUN, /status of 404/);
  const page = await openPage();
  await page.goto(server.origin);
  await expect(page.getByRole('heading', { name: 'How it works' })).toBeVisible();
  const missing = await page.goto(`${server.origin}/no-such-page`);
  expect(missing?.status()).toBe(404);
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('There is no such page');
});
