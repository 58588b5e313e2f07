import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { idOf } from '../support/secrets';
import { expect, test } from '../support/test';

test('counter shows the number of bytes', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  await expect(sender.counter).toHaveText('0 bytes of 1 MB');
  await sender.secret.fill('naïve');
  await expect(sender.counter).toHaveText('6 bytes of 1 MB');
});

test('custom expiry and number of views are used', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  await sender.chooseExpiry('Another time');
  await sender.page.getByLabel('Expires after, a number').fill('90');
  await sender.page.getByLabel('Unit of the expiry').selectOption('minutes');
  await sender.chooseViews('Another number');
  await sender.page.getByLabel('Can be opened, a number of times').fill('7');
  const { link } = await sender.send('custom numbers');
  expect(await server.store.viewCounts(idOf(link))).toEqual({ viewsLeft: 7, viewsUsed: 0 });
  const recipient = await SecretPage.openReady(await openPage(), link);
  await expect(recipient.page.getByText(/7 times more, until .* \(in 1 hour\)/)).toBeVisible();
});

test('numbers beyond the operator\'s limits are refused at their field', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  await sender.secret.fill('x');
  await sender.chooseExpiry('Another time');
  const [number, unit] = [sender.page.getByLabel('Expires after, a number'), sender.page.getByLabel('Unit of the expiry')];
  for (const invalid of ['31', '0', '', '99999999999']) {
    await number.fill(invalid);
    await unit.selectOption('days');
    await sender.createLink.click();
    await expect(sender.errorMessage).toHaveText('Choose an expiry between 1 minute and 30 days.');
    await expect(number).toBeFocused();
    await expect(number).toHaveAttribute('aria-invalid', 'true');
  }
  await sender.chooseExpiry('1 hour');
  await sender.chooseViews('Another number');
  await sender.page.getByLabel('Can be opened, a number of times').fill('101');
  await sender.createLink.click();
  await expect(sender.errorMessage).toHaveText('Choose a number of views between 1 and 100.');
  await expect(number).not.toHaveAttribute('aria-invalid');
});

test('generated passphrase has five words of the list, and can be copied with the link', async ({ openPage, server }) => {
  test.setTimeout(120_000);
  const words = new Set((await (await fetch(`${server.origin}/words.txt`)).text()).trim().split('\n'));
  expect(words.size).toBe(7776);
  const sender = await SendPage.open(await openPage(), server);
  await sender.expand('Add a passphrase');
  await sender.page.getByRole('button', { name: 'Make one' }).click();
  await expect(sender.page.getByText('Five random words, 64 bits.')).toBeVisible();
  const passphrase = await sender.passphrase.inputValue();
  await expect(sender.passphrase).toHaveAttribute('type', 'text');
  // Four words of the list contain a hyphen.
  if (![...words].some((word) => word.includes('-') && passphrase.includes(word))) {
    expect(passphrase.split('-').every((word) => words.has(word))).toBe(true);
    expect(passphrase.split('-')).toHaveLength(5);
  }
  const { link } = await sender.send('protected by words');
  await sender.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await sender.page.getByRole('button', { name: 'Copy passphrase' }).click();
  await expect(sender.page.getByText('Copied', { exact: true })).toBeVisible();

  const recipient = await SecretPage.openReady(await openPage(), link);
  await recipient.tryPassphrase(passphrase);
  expect(await recipient.secretText()).toBe('protected by words');
});

for (const [kind, form, bits] of [
  ['Password, 24 characters', /^[\w\-.+=:@%#]{24}$/, 147],
  ['Six words', /^[a-z-]+(-[a-z-]+){5}$/, 77],
  ['Token, 32 bytes in hex', /^[0-9a-f]{64}$/, 256],
  ['Token, 32 bytes in base64', /^[\w-]{43}$/, 256],
] as const) {
  test(`${kind} is generated at the cursor, with its entropy`, async ({ openPage, server }) => {
    const sender = await SendPage.open(await openPage(), server);
    await sender.secret.fill('PASSWORD=');
    await sender.expand('Generate a secret');
    await sender.page.getByLabel('Kind').selectOption(kind);
    await expect(sender.page.getByText(`${bits} bits of entropy.`)).toBeVisible();
    await sender.page.getByRole('button', { name: 'Generate', exact: true }).click();
    await expect(sender.page.getByText(`Put into your secret: ${bits} bits.`)).toBeVisible();
    const text = await sender.secret.inputValue();
    expect(text).toMatch(/^PASSWORD=/);
    expect(text.slice('PASSWORD='.length)).toMatch(form);
    await sender.page.getByRole('button', { name: 'Generate', exact: true }).click();
    await expect(sender.secret).not.toHaveValue(text);
    // The second one replaces the first.
    expect((await sender.secret.inputValue()).slice('PASSWORD='.length)).toMatch(form);
  });
}

test('form cannot be submitted while a passphrase is generated', async ({ openPage, server }) => {
  const page = await openPage();
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  await page.route('**/words.txt', async (route) => {
    await released;
    await route.continue();
  });
  const sender = await SendPage.open(page, server);
  await sender.secret.fill('to be protected');
  await sender.expand('Add a passphrase');
  await page.getByRole('button', { name: 'Make one' }).click();
  await expect(sender.createLink).toBeDisabled();
  release();
  await expect(sender.passphrase).not.toHaveValue('');
  await expect(page.getByRole('button', { name: 'Make one' })).toBeFocused();
  await sender.create();
  // The form for the next secret shows neither the passphrase nor its message.
  await page.getByRole('button', { name: 'Create another' }).click();
  await expect(sender.passphrase).toHaveValue('');
  await expect(page.getByText('Five random words')).toBeHidden();
});

test('form uses the operator\'s limits', async ({ openPage, ownServer, monitor }) => {
  const limits = { IKRYPT_MAX_TTL: '7200', IKRYPT_MAX_VIEWS: '3', IKRYPT_MAX_SECRET_BYTES: '2048' };
  await ownServer.restart(limits);
  monitor.allowOrigin(ownServer.origin);
  const sender = await SendPage.open(await openPage(), ownServer);
  await expect(sender.counter).toHaveText('0 bytes of 2 KB');
  await expect(sender.page.getByLabel('Expires after', { exact: true }).locator('option')).toHaveText(['10 minutes', '1 hour', 'Another time']);
  await expect(sender.page.getByLabel('Can be opened', { exact: true }).locator('option')).toHaveText(['once', '3 times', 'Another number']);
  await sender.send('x'.repeat(2048));
});
