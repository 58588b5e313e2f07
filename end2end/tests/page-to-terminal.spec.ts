import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SendPage } from '../pages/send-page';
import { exitAndOutput } from '../support/cli';
import { ikrypt, withTemporaryFolder } from '../support/programs';
import { expect, test } from '../support/test';

for (const passphrase of [undefined, 'häßlich  und gut ']) {
  test(`text and files sent ${passphrase ? 'with' : 'without'} a passphrase arrive in the terminal`, async ({ openPage, server }) => {
    const blob = randomBytes(100_000);
    const sender = await SendPage.open(await openPage(), server);
    await sender.secret.fill('a note\n');
    await sender.addFiles(
      { name: 'blob', mimeType: '', buffer: blob },
      { name: 'taken.txt', mimeType: 'text/plain', buffer: Buffer.from('new') },
      { name: 'linked', mimeType: '', buffer: Buffer.from('through') },
    );
    if (passphrase) await sender.addPassphrase(passphrase);
    const { link } = await sender.create();
    await withTemporaryFolder(async (folder) => {
      await writeFile(join(folder, 'passphrase'), `${passphrase}\n`);
      await mkdir(join(folder, 'out'));
      await writeFile(join(folder, 'out/taken.txt'), 'theirs');
      await symlink(join(folder, 'outside'), join(folder, 'out/linked'));
      const args = ['open', '--output', 'out', ...(passphrase ? ['--passphrase-file', 'passphrase'] : []), '-'];
      const opened = await ikrypt(args, { input: `<${link}>`, cwd: folder });
      expect(exitAndOutput(opened)).toEqual({ status: 0, output: 'a note\n' });
      expect((await readdir(join(folder, 'out'))).sort()).toEqual(['blob', 'linked', 'linked (2)', 'taken (2).txt', 'taken.txt']);
      expect((await readFile(join(folder, 'out/blob'))).equals(blob)).toBe(true);
      expect(await readFile(join(folder, 'out/taken.txt'), 'utf8')).toBe('theirs');
      expect(await readFile(join(folder, 'out/taken (2).txt'), 'utf8')).toBe('new');
      expect(await readdir(folder)).not.toContain('outside');
    });
  });
}

test('peeking and wrong passphrases use no view', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  await sender.addPassphrase('right');
  const { link } = await sender.send('protected');
  await withTemporaryFolder(async (folder) => {
    await writeFile(join(folder, 'wrong'), 'wrong');
    await writeFile(join(folder, 'right'), 'right\r\n');
    const peek = JSON.parse((await ikrypt(['open', '--peek', '--json', link])).stdout.toString());
    expect(peek).toMatchObject({ passphrase: true, max_views: 1, views_left: 1 });
    const withoutPassphrase = await ikrypt(['open', link]);
    expect({ ...withoutPassphrase, stdout: withoutPassphrase.stdout.toString() }).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('No view was used') });
    const wrong = await ikrypt(['open', '--passphrase-file', 'wrong', link], { cwd: folder });
    expect(wrong).toMatchObject({ status: 4, stderr: expect.stringContaining('4 tries left') });
    for (let tries = 2; tries <= 5; tries++) await ikrypt(['open', '--passphrase-file', 'wrong', link], { cwd: folder });
    const locked = await ikrypt(['open', '--passphrase-file', 'right', link], { cwd: folder });
    expect(locked).toMatchObject({ status: 7, stderr: expect.stringContaining('locked, and no view was used. Try again in') });
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(exitAndOutput(await ikrypt(['open', '--passphrase-file', 'right', link], { cwd: folder }))).toEqual({ status: 0, output: 'protected' });
  });
});
