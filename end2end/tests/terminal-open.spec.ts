import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitAndOutput, sendFromTerminal } from '../support/cli';
import { InterceptingProxy } from '../support/intercepting-proxy';
import { ikrypt, runProgram, withTemporaryFolder } from '../support/programs';
import { expect, test } from '../support/test';

const MEBIBYTE = 1024 * 1024;

for (const [name, bytes] of [
  ['a mebibyte of text', Buffer.from('0123456789abcde\n'.repeat(MEBIBYTE / 16))],
  ['a mebibyte of random bytes', randomBytes(MEBIBYTE)],
  ['a last line without a line end', Buffer.from('one\ntwo')],
  ['a single NUL', Buffer.from([0])],
] as const) {
  test(`ikrypt send < file | xargs ikrypt open: ${name}`, async ({ server }) => {
    await withTemporaryFolder(async (folder) => {
      await writeFile(join(folder, 'file'), bytes);
      const line = '"$IKRYPT_BIN" send < file 2> stderr | xargs "$IKRYPT_BIN" open 2>> stderr > copy && cmp file copy';
      const { status } = await runProgram('sh', ['-c', line], { cwd: folder, env: { IKRYPT_SERVER: server.origin } });
      expect({ status, stderr: await readFile(join(folder, 'stderr'), 'utf8') }).toMatchObject({ status: 0 });
    });
  });
}

test('lost responses are requested again with the same claim', async ({ server }) => {
  const lost: Record<string, number> = {};
  const proxy = await InterceptingProxy.start(server, (response) => {
    const call = response.path.split('/').pop() ?? '';
    lost[call] = (lost[call] ?? 0) + 1;
    return lost[call] <= 2 ? 'lost' : response;
  });
  const { link, stderr } = await sendFromTerminal(proxy, ['--views', '3'], { input: 'only once' });
  expect(stderr).toContain('No answer yet');
  expect(exitAndOutput(await ikrypt(['open', link]))).toEqual({ status: 0, output: 'only once' });
  expect(lost).toMatchObject({ create: 3, open: 3, reveal: 3 });
  const peek = await ikrypt(['open', '--peek', '--json', link.replace(proxy.origin, server.origin)]);
  expect(JSON.parse(peek.stdout.toString())).toMatchObject({ views_left: 2 });
  proxy.close();
});

test('revealed secret that cannot be written is kept in a file', async ({ server }) => {
  const { link } = await sendFromTerminal(server, [], { input: 'precious\n' });
  const command = '"$IKRYPT_BIN" open "$LINK" > /dev/full';
  const { status, stderr } = await runProgram('sh', ['-c', command], { env: { LINK: link } });
  expect(status).toBe(1);
  const kept = /the secret is in (\S+)/.exec(stderr)?.[1] ?? '';
  expect(await readFile(kept, 'utf8')).toBe('precious\n');
  await runProgram('rm', ['-r', join(kept, '..')]);
});

test('unwritable output folder is reported before a view is used', async ({ server }) => {
  const { link } = await sendFromTerminal(server, [], { input: 'x' });
  expect(await ikrypt(['open', '--output', '/proc/nowhere', link])).toMatchObject({ status: 1, stderr: expect.stringContaining('cannot write into') });
  expect(exitAndOutput(await ikrypt(['open', link]))).toEqual({ status: 0, output: 'x' });
});

test('changed envelope is reported as such, with whether a view was used', async ({ server }) => {
  const startProxy = (call: string, change: (body: Record<string, string>) => void) =>
    InterceptingProxy.start(server, (response) => {
      if (!response.path.endsWith(call)) return response;
      const body = JSON.parse(response.body.toString());
      change(body);
      return { ...response, body: Buffer.from(JSON.stringify(body)) };
    });
  const { link } = await sendFromTerminal(server, ['--views', '9'], { input: 'x' });
  const stripped = await startProxy('open', (body) => (body.envelope = body.envelope!.replace('AQEA', 'AQEB')));
  const before = await ikrypt(['open', link.replace(server.origin, stripped.origin)]);
  expect(before).toMatchObject({ status: 6, stderr: expect.stringContaining('No view was used') });
  const flipped = await startProxy('reveal', (body) => (body.share = `${body.share!.startsWith('A') ? 'B' : 'A'}${body.share!.slice(1)}`));
  const after = await ikrypt(['open', link.replace(server.origin, flipped.origin)]);
  expect(after).toMatchObject({ status: 6, stderr: expect.stringContaining('A view was used') });
  expect(after.stdout).toHaveLength(0);
  stripped.close();
  flipped.close();
});

test('link of the other kind is reported as such', async ({ server }) => {
  const { link, receipt } = await sendFromTerminal(server, [], { input: 'x' });
  expect(await ikrypt(['open', receipt])).toMatchObject({ status: 2, stderr: expect.stringContaining('a receipt link') });
  expect(await ikrypt(['receipt', link])).toMatchObject({ status: 2, stderr: expect.stringContaining('the link that opens') });
  expect(exitAndOutput(await ikrypt(['open', link]))).toEqual({ status: 0, output: 'x' });
});
