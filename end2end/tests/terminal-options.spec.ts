import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sendFromTerminal } from '../support/cli';
import { InterceptingProxy } from '../support/intercepting-proxy';
import { ikrypt, withTemporaryFolder } from '../support/programs';
import { expect, test } from '../support/test';

test('server and token come from the configuration file, and the token is sent to that server only', async ({ server }) => {
  await withTemporaryFolder(async (folder) => {
    const requests: [path: string, token: string | undefined][] = [];
    const proxy = await InterceptingProxy.start(server, (response) => response);
    proxy.listener.prependListener('request', (request) => requests.push([request.url ?? '', request.headers.authorization]));
    await mkdir(join(folder, 'ikrypt'));
    await writeFile(join(folder, 'ikrypt/config.toml'), `server = "${proxy.origin}"\ntoken = "a-token-of-sixteen"\n`);
    const env = { XDG_CONFIG_HOME: folder };
    const toConfigured = await ikrypt(['send'], { input: 'x', env });
    expect(toConfigured.stdout.toString()).toContain(proxy.origin);
    expect(requests).toEqual([
      ['/api/v1/config', undefined],
      ['/api/v1/create', 'Bearer a-token-of-sixteen'],
    ]);
    const other = await InterceptingProxy.start(server, (response) => response);
    other.listener.prependListener('request', (request) => requests.push([request.url ?? '', request.headers.authorization]));
    expect((await ikrypt(['send', '--server', other.origin], { input: 'x', env })).status).toBe(0);
    expect(requests.slice(2)).toEqual([
      ['/api/v1/config', undefined],
      ['/api/v1/create', undefined],
    ]);
    proxy.close();
    other.close();

    await writeFile(join(folder, 'ikrypt/config.toml'), 'sever = "x"\n');
    expect(await ikrypt(['send'], { input: 'x', env })).toMatchObject({ status: 2, stderr: expect.stringContaining('config.toml') });
  });
});

test('QR code is written to standard error, and only the link to standard output', async ({ server }) => {
  const { link, stderr } = await sendFromTerminal(server, ['--qr'], { input: 'x' });
  expect(link).toMatch(/^http\S+$/);
  expect(stderr.match(/[█▀▄]/g)?.length).toBeGreaterThan(300);
});

test('clipboard program gets the link on standard input and not as an argument', async ({ server }) => {
  await withTemporaryFolder(async (folder) => {
    const program = '#!/bin/sh\necho "$@" > arguments\ncat > pasted\n';
    await writeFile(join(folder, 'xclip'), program, { mode: 0o755 });
    const env = { PATH: `${folder}:${process.env.PATH}`, DISPLAY: ':0', WAYLAND_DISPLAY: '' };
    const { link } = await sendFromTerminal(server, ['--copy'], { input: 'x', cwd: folder, env });
    expect(await readFile(join(folder, 'pasted'), 'utf8')).toBe(link);
    expect(await readFile(join(folder, 'arguments'), 'utf8')).toBe('-selection clipboard\n');
  });
});

test('completions and manual page contain every command and option', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    expect((await ikrypt(['completions', shell])).stdout.toString()).toContain('generate-passphrase');
  }
  const manual = (await ikrypt(['man'])).stdout.toString();
  for (const expected of ['.TH ikrypt 1', 'IKRYPT SEND', 'IKRYPT VERIFY', 'Exit codes']) expect(manual).toContain(expected);
});
