import type { Page } from '@playwright/test';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { recordApiRequests } from '../support/api-requests';
import { clickEverything } from '../support/click-everything';
import { idOf, createSecret } from '../support/secrets';
import { expect, test } from '../support/test';

/** Delays the WebAssembly until the returned function is called. */
async function delayWasm(page: Page): Promise<() => void> {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/*.wasm', async (route) => {
    await released;
    await route.continue();
  });
  return release;
}

test('form before hydration is disabled, says so, and sends nothing', async ({ openPage, server, monitor }) => {
  // The test has moved the focus before the form is enabled.
  monitor.allowMessages(/Autofocus processing was blocked/);
  const page = await openPage();
  const releaseWasm = await delayWasm(page);
  await page.goto(server.origin, { waitUntil: 'commit' });
  const send = new SendPage(page);
  await expect(send.secret).toBeDisabled();
  await expect(send.secret).toHaveAttribute('placeholder', 'One moment, the page is waking up');
  await expect(send.createLink).toBeDisabled();
  await expect(page.locator('form')).toHaveCount(0);

  const apiRequests = recordApiRequests(page);
  await clickEverything(page);
  await expect(send.secret).toHaveValue('');
  expect(apiRequests).toEqual([]);
  expect(page.url()).toBe(`${server.origin}/`);

  releaseWasm();
  await expect(send.secret).toBeEnabled();
  await send.send('after hydration');
});

test('recipient page before hydration has no button, and uses no view', async ({ openPage, server }) => {
  const { link } = await createSecret(server, 'before hydration');
  const page = await openPage();
  const releaseWasm = await delayWasm(page);
  await page.goto(link, { waitUntil: 'commit' });
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Somebody sent you a secret');
  await expect(page.getByRole('status')).toContainText('This does not open it.');
  await expect(page.getByRole('main').getByRole('button')).toHaveCount(0);
  const apiRequests = recordApiRequests(page);
  await clickEverything(page);
  expect(apiRequests).toEqual([]);

  releaseWasm();
  expect(await server.store.viewCounts(idOf(link))).toEqual({ viewsLeft: 1, viewsUsed: 0 });
  const recipient = new SecretPage(page);
  expect(await recipient.reveal()).toBe('before hydration');
});

for (const [path, reassurance] of [
  ['/', 'nothing was sent'],
  ['/s/', 'nothing was opened'],
  ['/receipt', 'nothing was changed'],
] as const) {
  test(`${path} without WebAssembly shows the reason, and ${reassurance}`, async ({ openPage, server, monitor }) => {
    monitor.allowMessages(/WebAssembly/);
    const { link, receipt } = await createSecret(server, 'not without WebAssembly');
    const page = await openPage();
    await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'WebAssembly'));
    const apiRequests = recordApiRequests(page);
    const address = { '/': server.origin, '/s/': link, '/receipt': receipt }[path];
    await page.goto(address);
    await expect(page.getByRole('alert')).toContainText(`it needs WebAssembly, which this browser does not have`);
    await expect(page.getByRole('alert')).toContainText(reassurance);
    await clickEverything(page);
    expect(apiRequests).toEqual([]);
    expect(await server.store.viewCounts(idOf(link))).toEqual({ viewsLeft: 1, viewsUsed: 0 });
  });
}
