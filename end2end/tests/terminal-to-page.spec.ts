import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReceiptPage } from '../pages/receipt-page';
import { SecretPage } from '../pages/secret-page';
import { exitAndOutput, sendFromTerminal } from '../support/cli';
import { ikrypt, withTemporaryFolder } from '../support/programs';
import { expect, test } from '../support/test';

test('text sent in a terminal arrives byte for byte on the page', async ({ openPage, server }) => {
  const { link } = await sendFromTerminal(server, [], { input: 'line\r\n\ttab ü 🎉\n' });
  expect(await (await SecretPage.openReady(await openPage(), link)).reveal()).toBe('line\r\n\ttab ü 🎉\n');
});

test('files sent in a terminal with a generated passphrase arrive on the page', async ({ openPage, server }) => {
  const blob = randomBytes(50_000);
  await withTemporaryFolder(async (folder) => {
    await writeFile(join(folder, '.env'), 'KEY=1\n');
    await writeFile(join(folder, 'key.bin'), blob);
    const { link, stderr } = await sendFromTerminal(server, ['--generate-passphrase', '.env', 'key.bin'], { cwd: folder });
    const passphrase = /another way: (\S+)/.exec(stderr)?.[1] ?? '';
    expect(passphrase.split('-').length).toBeGreaterThanOrEqual(5);
    const recipient = await SecretPage.openReady(await openPage(), link);
    await recipient.passphrase.fill(passphrase);
    await recipient.revealButton.click();
    expect((await recipient.saveFile('.env')).bytes.toString()).toBe('KEY=1\n');
    expect((await recipient.saveFile('key.bin')).bytes.equals(blob)).toBe(true);
  });
});

test('receipt is the same in terminal and page', async ({ openPage, server }) => {
  const { link, receipt } = await sendFromTerminal(server, ['--views', '2', '--expires', '3h'], { input: 'x' });
  await (await SecretPage.openReady(await openPage(), link)).reveal();
  expect(exitAndOutput(await ikrypt(['receipt', receipt]))).toMatchObject({
    status: 0,
    output: expect.stringMatching(/^Waiting: 1 of 2 views is left\n.*created\n.*released to a holder of the link\n.*expires\n$/),
  });
  const burned = await ikrypt(['burn'], { input: receipt });
  expect(exitAndOutput(burned)).toMatchObject({ status: 0, output: expect.stringMatching(/^Burned, and deleted\n/) });
  const sender = await ReceiptPage.open(await openPage(), receipt);
  await expect(sender.title).toContainText('burned', { ignoreCase: true });
  const gone = await ikrypt(['open', link]);
  expect(gone.status).toBe(3);
  expect(gone.stderr).toContain('the sender burned this secret at 20');
});
