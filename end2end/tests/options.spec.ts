import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { idOf } from '../support/secrets';
import { expect, test } from '../support/test';

test('the counter counts bytes, and says when there are too many', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  await expect(sender.counter).toHaveText('0 bytes of 1 MB');
  await sender.secret.fill('naïve');
  await expect(sender.counter).toHaveText('6 bytes of 1 MB');
});

test('an expiry and a number of views of one\'s own', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  await sender.chooseExpiry('Another time');
  await sender.page.getByLabel('Expires after, a number').fill('90');
  await sender.page.getByLabel('Unit of the expiry').selectOption('minutes');
  await sender.chooseViews('Another number');
  await sender.page.getByLabel('Can be opened, a number of times').fill('7');
  const { link } = await sender.send('my own numbers');
  expect(await server.store.rows(idOf(link))).toEqual({ viewsLeft: 7, viewsUsed: 0 });
  const reader = await SecretPage.ready(await visit(), link);
  await expect(reader.page.getByText(/7 times more, until .* \(in 1 hour\)/)).toBeVisible();
});

test('numbers that the operator does not allow are refused at their field', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  await sender.secret.fill('x');
  await sender.chooseExpiry('Another time');
  const [number, unit] = [sender.page.getByLabel('Expires after, a number'), sender.page.getByLabel('Unit of the expiry')];
  for (const wrong of ['31', '0', '', '99999999999']) {
    await number.fill(wrong);
    await unit.selectOption('days');
    await sender.createLink.click();
    await expect(sender.problem).toHaveText('Choose an expiry between 1 minute and 30 days.');
    await expect(number).toBeFocused();
    await expect(number).toHaveAttribute('aria-invalid', 'true');
  }
  await sender.chooseExpiry('1 hour');
  await sender.chooseViews('Another number');
  await sender.page.getByLabel('Can be opened, a number of times').fill('101');
  await sender.createLink.click();
  await expect(sender.problem).toHaveText('Choose a number of views between 1 and 100.');
  await expect(number).not.toHaveAttribute('aria-invalid');
});

test('a passphrase that is made has five words of the list, and can be copied once the link is there', async ({ visit, server }) => {
  test.setTimeout(120_000);
  const words = new Set((await (await fetch(`${server.origin}/words.txt`)).text()).trim().split('\n'));
  expect(words.size).toBe(7776);
  const sender = await SendPage.of(await visit(), server);
  await sender.unfold('Add a passphrase');
  await sender.page.getByRole('button', { name: 'Make one' }).click();
  await expect(sender.page.getByText('Five random words, 64 bits.')).toBeVisible();
  const passphrase = await sender.passphrase.inputValue();
  await expect(sender.passphrase).toHaveAttribute('type', 'text');
  // Four words of the list have a hyphen of their own.
  if (![...words].some((word) => word.includes('-') && passphrase.includes(word))) {
    expect(passphrase.split('-').every((word) => words.has(word))).toBe(true);
    expect(passphrase.split('-')).toHaveLength(5);
  }
  const { link } = await sender.send('guarded by words');
  await sender.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await sender.page.getByRole('button', { name: 'Copy passphrase' }).click();
  await expect(sender.page.getByText('Copied', { exact: true })).toBeVisible();

  const reader = await SecretPage.ready(await visit(), link);
  await reader.try(passphrase);
  expect(await reader.text()).toBe('guarded by words');
});

for (const [kind, form, bits] of [
  ['Password, 24 characters', /^[\w\-.+=:@%#]{24}$/, 147],
  ['Six words', /^[a-z-]+(-[a-z-]+){5}$/, 77],
  ['Token, 32 bytes in hex', /^[0-9a-f]{64}$/, 256],
  ['Token, 32 bytes in base64', /^[\w-]{43}$/, 256],
] as const) {
  test(`${kind}: generated where the cursor is, with its entropy`, async ({ visit, server }) => {
    const sender = await SendPage.of(await visit(), server);
    await sender.secret.fill('PASSWORD=');
    await sender.unfold('Generate a secret');
    await sender.page.getByLabel('Kind').selectOption(kind);
    await expect(sender.page.getByText(`${bits} bits of entropy.`)).toBeVisible();
    await sender.page.getByRole('button', { name: 'Generate', exact: true }).click();
    await expect(sender.page.getByText(`Put into your secret: ${bits} bits.`)).toBeVisible();
    const text = await sender.secret.inputValue();
    expect(text).toMatch(/^PASSWORD=/);
    expect(text.slice('PASSWORD='.length)).toMatch(form);
    await sender.page.getByRole('button', { name: 'Generate', exact: true }).click();
    await expect(sender.secret).not.toHaveValue(text);
    // Another one takes the place of the first.
    expect((await sender.secret.inputValue()).slice('PASSWORD='.length)).toMatch(form);
  });
}

test('nothing can be sent while a passphrase is being made', async ({ visit, server }) => {
  const page = await visit();
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/words.txt', async (route) => {
    await released;
    await route.continue();
  });
  const sender = await SendPage.of(page, server);
  await sender.secret.fill('meant to be guarded');
  await sender.unfold('Add a passphrase');
  await page.getByRole('button', { name: 'Make one' }).click();
  await expect(sender.createLink).toBeDisabled();
  release();
  await expect(sender.passphrase).not.toHaveValue('');
  await expect(page.getByRole('button', { name: 'Make one' })).toBeFocused();
  await sender.create();
  // The next secret begins without one, and without a word about the last one.
  await page.getByRole('button', { name: 'Create another' }).click();
  await expect(sender.passphrase).toHaveValue('');
  await expect(page.getByText('Five random words')).toBeHidden();
});

test('the operator\'s limits are those of the form', async ({ visit, ownServer, watch }) => {
  const limits = { IKRYPT_MAX_TTL: '7200', IKRYPT_MAX_VIEWS: '3', IKRYPT_MAX_SECRET_BYTES: '2048' };
  await ownServer.restart(limits);
  watch.allow(ownServer.origin);
  const sender = await SendPage.of(await visit(), ownServer);
  await expect(sender.counter).toHaveText('0 bytes of 2 KB');
  await expect(sender.page.getByLabel('Expires after', { exact: true }).locator('option')).toHaveText(['10 minutes', '1 hour', 'Another time']);
  await expect(sender.page.getByLabel('Can be opened', { exact: true }).locator('option')).toHaveText(['once', '3 times', 'Another number']);
  await sender.send('x'.repeat(2048));
});
