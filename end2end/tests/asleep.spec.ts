import type { Page } from '@playwright/test';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { calls } from '../support/calls';
import { pressEverything } from '../support/press';
import { idOf, sent } from '../support/secrets';
import { expect, test } from '../support/test';

/** Keeps the WebAssembly back until the returned function is called. */
async function delayed(page: Page): Promise<() => void> {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/*.wasm', async (route) => {
    await released;
    await route.continue();
  });
  return release;
}

test('before the form is awake its fields are disabled and say so, and typing sends nothing', async ({ visit, server, watch }) => {
  // Who is impatient has given the focus to something else before the form is there.
  watch.expect(/Autofocus processing was blocked/);
  const page = await visit();
  const wake = await delayed(page);
  await page.goto(server.origin, { waitUntil: 'commit' });
  const send = new SendPage(page);
  await expect(send.secret).toBeDisabled();
  await expect(send.secret).toHaveAttribute('placeholder', 'One moment, the page is waking up');
  await expect(send.createLink).toBeDisabled();
  await expect(page.locator('form')).toHaveCount(0);

  const asked = calls(page);
  await pressEverything(page);
  await expect(send.secret).toHaveValue('');
  expect(asked).toEqual([]);
  expect(page.url()).toBe(`${server.origin}/`);

  wake();
  await expect(send.secret).toBeEnabled();
  await send.send('awake now');
});

test('before the recipient page is awake there is nothing to press, and nothing is opened', async ({ visit, server }) => {
  const { link } = await sent(server, 'still asleep');
  const page = await visit();
  const wake = await delayed(page);
  await page.goto(link, { waitUntil: 'commit' });
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Somebody sent you a secret');
  await expect(page.getByRole('status')).toContainText('This does not open it.');
  await expect(page.getByRole('main').getByRole('button')).toHaveCount(0);
  const asked = calls(page);
  await pressEverything(page);
  expect(asked).toEqual([]);

  wake();
  expect(await server.store.rows(idOf(link))).toEqual({ viewsLeft: 1, viewsUsed: 0 });
  const reader = new SecretPage(page);
  expect(await reader.reveal()).toBe('still asleep');
});

for (const [path, reassurance] of [
  ['/', 'nothing was sent'],
  ['/s/', 'nothing was opened'],
  ['/receipt', 'nothing was changed'],
] as const) {
  test(`without WebAssembly ${path} explains itself, and ${reassurance}`, async ({ visit, server, watch }) => {
    watch.expect(/WebAssembly/);
    const { link, receipt } = await sent(server, 'not without WebAssembly');
    const page = await visit();
    await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'WebAssembly'));
    const asked = calls(page);
    const address = { '/': server.origin, '/s/': link, '/receipt': receipt }[path];
    await page.goto(address);
    await expect(page.getByRole('alert')).toContainText(`it needs WebAssembly, which this browser does not have`);
    await expect(page.getByRole('alert')).toContainText(reassurance);
    await pressEverything(page);
    expect(asked).toEqual([]);
    expect(await server.store.rows(idOf(link))).toEqual({ viewsLeft: 1, viewsUsed: 0 });
  });
}
