import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { Page } from '@playwright/test';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { calls } from '../support/calls';
import { LIMIT } from '../support/odd-texts';
import { expect, test } from '../support/test';

const file = (name: string, content: string | Buffer, mimeType = 'text/plain') => ({
  name,
  mimeType,
  buffer: Buffer.from(content as string),
});

/** Gives files to an element as a drop or a paste does. */
async function hand(page: Page, to: string, event: 'drop' | 'paste', files: Record<string, string>, text = '') {
  await page.locator(to).evaluate(
    (element, { event, files, text }) => {
      const data = new DataTransfer();
      for (const [name, content] of Object.entries(files)) data.items.add(new File([content], name, { type: 'image/png' }));
      if (text) data.setData('text/plain', text);
      const init = { bubbles: true, cancelable: true };
      element.dispatchEvent(
        event === 'drop'
          ? new DragEvent('drop', { ...init, dataTransfer: data })
          : new ClipboardEvent('paste', { ...init, clipboardData: data }),
      );
    },
    { event, files, text },
  );
}

for (const passphrase of [undefined, 'to files too']) {
  test(`files arrive byte for byte, ${passphrase ? 'with' : 'without'} a passphrase`, async ({ visit, server }) => {
    const blob = randomBytes(100_000);
    const sender = await SendPage.of(await visit(), server);
    await sender.secret.fill('the note beside them\n');
    await sender.addFiles(file('.env', 'KEY=1\r\n'), file('key.bin', blob, 'application/octet-stream'), file('empty', ''));
    await expect(sender.files).toHaveText([/\.env7 bytes/, /key\.bin97\.7 KB/, /empty0 bytes/]);
    if (passphrase) await sender.addPassphrase(passphrase);
    const { link } = await sender.create();

    const reader = await SecretPage.ready(await visit(), link);
    if (passphrase) await reader.passphrase.fill(passphrase);
    expect(await reader.reveal()).toBe('the note beside them\n');
    await expect(reader.files).toHaveCount(3);
    expect((await reader.save('.env')).bytes.toString()).toBe('KEY=1\r\n');
    expect((await reader.save('key.bin')).bytes.equals(blob)).toBe(true);
    expect((await reader.save('empty')).bytes).toHaveLength(0);
  });
}

test('a file alone needs no text, and no text is shown', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  await sender.addFiles(file('alone.txt', 'just this'));
  const reader = await SecretPage.ready(await visit(), (await sender.create()).link);
  await reader.revealButton.click();
  expect((await reader.save('alone.txt')).bytes.toString()).toBe('just this');
  await expect(reader.secret).toBeHidden();
});

test('files come by drop and by paste, pictures too, and text stays text', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  await hand(sender.page, '#write', 'drop', { 'dropped.png': 'one' });
  await hand(sender.page, '#secret', 'paste', { 'image.png': 'two' });
  // A spreadsheet puts a picture of the cells beside their text.
  await hand(sender.page, '#secret', 'paste', { 'cells.png': 'three' }, 'a\tb');
  await expect(sender.files).toHaveText([/dropped\.png/, /image\.png/]);
  const reader = await SecretPage.ready(await visit(), (await sender.create()).link);
  await reader.revealButton.click();
  expect((await reader.save('image.png')).bytes.toString()).toBe('two');
});

test('a file can be removed, and is not sent', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  await sender.addFiles(file('keep.txt', 'kept'), file('drop.txt', 'dropped'));
  await sender.page.getByRole('button', { name: 'Remove drop.txt' }).click();
  await expect(sender.files).toHaveText([/keep\.txt/]);
  await expect(sender.page.getByRole('button', { name: 'Add files' })).toBeFocused();
  const reader = await SecretPage.ready(await visit(), (await sender.create()).link);
  await reader.revealButton.click();
  await expect(reader.files).toHaveText([/keep\.txt/]);
});

test('a seventeenth file, and a byte too many, are refused in words', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  const asked = calls(sender.page);
  await sender.addFiles(...Array.from({ length: 17 }, (_, index) => file(`${index}.txt`, 'x')));
  await expect(sender.files).toHaveCount(16);
  await expect(sender.problem).toHaveText('16 files are the most that go with one link.');

  await sender.page.reload();
  await expect(sender.secret).toBeEnabled();
  await sender.addFiles(file('large.bin', Buffer.alloc(LIMIT)));
  await expect(sender.counter).toHaveText('1 MB of 1 MB');
  await sender.secret.fill('x');
  await expect(sender.problem).toHaveText('This is 1.1 MB, and 1 MB is the most that fits.');
  await sender.createLink.click();
  expect(asked).toEqual([]);
  await sender.secret.fill('');
  await sender.create();
});

test('the largest bundle arrives', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  const blob = randomBytes(LIMIT / 16);
  await sender.addFiles(...Array.from({ length: 16 }, (_, index) => file(`${'n'.repeat(240)}${index}`, blob)));
  const reader = await SecretPage.ready(await visit(), (await sender.create()).link);
  await reader.revealButton.click();
  await expect(reader.files).toHaveCount(16);
});

for (const [sent, saved] of [
  ['../../x', 'x'],
  ['CON', '_CON'],
  ['a\u202Egpj.exe', 'agpj.exe'],
  ['<img src=x onerror=alert(1)>', '_img src=x onerror=alert(1)_'],
] as const) {
  test(`a file called ${JSON.stringify(sent)} is saved under a cleaned name, as bytes and nothing else`, async ({ visit, server }) => {
    const sender = await SendPage.of(await visit(), server);
    // The system's dialog would not give such a name: another client would.
    await sender.page.locator('#file').evaluate((input: HTMLInputElement, name) => {
      const data = new DataTransfer();
      data.items.add(new File(['<script>alert(1)</script>'], name, { type: 'text/html' }));
      input.files = data.files;
      input.dispatchEvent(new Event('change'));
    }, sent);
    const reader = await SecretPage.ready(await visit(), (await sender.create()).link);
    await reader.page.evaluate(() => {
      const create = URL.createObjectURL.bind(URL);
      URL.createObjectURL = (blob: Blob) => (document.documentElement.dataset.saved = blob.type, create(blob));
    });
    await reader.revealButton.click();
    await expect(reader.files.locator('bdi')).toHaveText(saved);
    const download = await reader.save(saved);
    expect(download.name).toBe(saved);
    expect(download.bytes.toString()).toBe('<script>alert(1)</script>');
    await expect(reader.page.locator('html')).toHaveAttribute('data-saved', 'application/octet-stream');
  });
}
