import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import type { Page } from '@playwright/test';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { recordApiRequests } from '../support/api-requests';
import { MAX_SECRET_BYTES } from '../support/edge-case-texts';
import { expect, test } from '../support/test';

const file = (name: string, content: string | Buffer, mimeType = 'text/plain') => ({
  name,
  mimeType,
  buffer: Buffer.from(content as string),
});

/** Dispatches a drop or a paste with files to an element. */
async function dispatchFiles(page: Page, to: string, event: 'drop' | 'paste', files: Record<string, string>, text = '') {
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
  test(`files arrive byte for byte, ${passphrase ? 'with' : 'without'} a passphrase`, async ({ openPage, server }) => {
    const blob = randomBytes(100_000);
    const sender = await SendPage.open(await openPage(), server);
    await sender.secret.fill('the note with the files\n');
    await sender.addFiles(file('.env', 'KEY=1\r\n'), file('key.bin', blob, 'application/octet-stream'), file('empty', ''));
    await expect(sender.files).toHaveText([/\.env7 bytes/, /key\.bin97\.7 KB/, /empty0 bytes/]);
    if (passphrase) await sender.addPassphrase(passphrase);
    const { link } = await sender.create();

    const recipient = await SecretPage.openReady(await openPage(), link);
    if (passphrase) await recipient.passphrase.fill(passphrase);
    expect(await recipient.reveal()).toBe('the note with the files\n');
    await expect(recipient.files).toHaveCount(3);
    expect((await recipient.saveFile('.env')).bytes.toString()).toBe('KEY=1\r\n');
    expect((await recipient.saveFile('key.bin')).bytes.equals(blob)).toBe(true);
    expect((await recipient.saveFile('empty')).bytes).toHaveLength(0);
  });
}

test('file without a text arrives, and no text is shown', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  await sender.addFiles(file('alone.txt', 'just this'));
  const recipient = await SecretPage.openReady(await openPage(), (await sender.create()).link);
  await recipient.revealButton.click();
  expect((await recipient.saveFile('alone.txt')).bytes.toString()).toBe('just this');
  await expect(recipient.secret).toBeHidden();
});

test('dropped and pasted files and images are added, and pasted text stays text', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  await dispatchFiles(sender.page, '#write', 'drop', { 'dropped.png': 'one' });
  await dispatchFiles(sender.page, '#secret', 'paste', { 'image.png': 'two' });
  // Spreadsheets put an image of the cells on the clipboard as well as their text.
  await dispatchFiles(sender.page, '#secret', 'paste', { 'cells.png': 'three' }, 'a\tb');
  await expect(sender.files).toHaveText([/dropped\.png/, /image\.png/]);
  const recipient = await SecretPage.openReady(await openPage(), (await sender.create()).link);
  await recipient.revealButton.click();
  expect((await recipient.saveFile('image.png')).bytes.toString()).toBe('two');
});

test('removed file is not sent', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  await sender.addFiles(file('keep.txt', 'kept'), file('drop.txt', 'dropped'));
  await sender.page.getByRole('button', { name: 'Remove drop.txt' }).click();
  await expect(sender.files).toHaveText([/keep\.txt/]);
  await expect(sender.page.getByRole('button', { name: 'Add files' })).toBeFocused();
  const recipient = await SecretPage.openReady(await openPage(), (await sender.create()).link);
  await recipient.revealButton.click();
  await expect(recipient.files).toHaveText([/keep\.txt/]);
});

test('seventeenth file and a byte over the limit are refused with a message', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  const apiRequests = recordApiRequests(sender.page);
  await sender.addFiles(...Array.from({ length: 17 }, (_, index) => file(`${index}.txt`, 'x')));
  await expect(sender.files).toHaveCount(16);
  await expect(sender.errorMessage).toHaveText('16 files are the most that go with one link.');

  await sender.page.reload();
  await expect(sender.secret).toBeEnabled();
  await sender.addFiles(file('large.bin', Buffer.alloc(MAX_SECRET_BYTES)));
  await expect(sender.counter).toHaveText('1 MB of 1 MB');
  await sender.secret.fill('x');
  await expect(sender.errorMessage).toHaveText('This is 1.1 MB, and 1 MB is the most that fits.');
  await sender.createLink.click();
  expect(apiRequests).toEqual([]);
  await sender.secret.fill('');
  await sender.create();
});

test('bundle of the largest size arrives', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  const blob = randomBytes(MAX_SECRET_BYTES / 16);
  await sender.addFiles(...Array.from({ length: 16 }, (_, index) => file(`${'n'.repeat(240)}${index}`, blob)));
  const recipient = await SecretPage.openReady(await openPage(), (await sender.create()).link);
  await recipient.revealButton.click();
  await expect(recipient.files).toHaveCount(16);
});

for (const [sentName, savedName] of [
  ['../../x', 'x'],
  ['CON', '_CON'],
  ['a\u202Egpj.exe', 'agpj.exe'],
  ['<img src=x onerror=alert(1)>', '_img src=x onerror=alert(1)_'],
] as const) {
  test(`file named ${JSON.stringify(sentName)} is saved under a safe name as application/octet-stream`, async ({ openPage, server }) => {
    const sender = await SendPage.open(await openPage(), server);
    // The system's dialog cannot return such a name; another client can send one.
    await sender.page.locator('#file').evaluate((input: HTMLInputElement, name) => {
      const data = new DataTransfer();
      data.items.add(new File(['<script>alert(1)</script>'], name, { type: 'text/html' }));
      input.files = data.files;
      input.dispatchEvent(new Event('change'));
    }, sentName);
    const recipient = await SecretPage.openReady(await openPage(), (await sender.create()).link);
    await recipient.page.evaluate(() => {
      const create = URL.createObjectURL.bind(URL);
      URL.createObjectURL = (blob: Blob) => (document.documentElement.dataset.saved = blob.type, create(blob));
    });
    await recipient.revealButton.click();
    await expect(recipient.files.locator('bdi')).toHaveText(savedName);
    const download = await recipient.saveFile(savedName);
    expect(download.name).toBe(savedName);
    expect(download.bytes.toString()).toBe('<script>alert(1)</script>');
    await expect(recipient.page.locator('html')).toHaveAttribute('data-saved', 'application/octet-stream');
  });
}
