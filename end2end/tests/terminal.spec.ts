import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReceiptPage } from '../pages/receipt';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { Between } from '../support/between';
import type { Server } from '../support/server';
import { attended, ikrypt, inFolder, run, type Ended } from '../support/terminal';
import { expect, test } from '../support/test';

const MEBIBYTE = 1024 * 1024;

/** Sends, and gives back the link and what was said. */
async function send({ origin }: Pick<Server, 'origin'>, args: string[], given: Parameters<typeof ikrypt>[1] = {}): Promise<{ link: string; receipt: string; said: string }> {
  const { status, stdout, stderr } = await ikrypt(['send', '--server', origin, ...args], given);
  expect({ status, stderr }).toMatchObject({ status: 0 });
  const receipt = /^Receipt, for you: (\S+)$/m.exec(stderr)?.[1] ?? '';
  return { link: stdout.toString().trim(), receipt, said: stderr };
}

const ended = ({ status, stdout }: Ended) => ({ status, text: stdout.toString() });

test.describe('terminal to page', () => {
  test('text, exactly as it was', async ({ visit, server }) => {
    const { link } = await send(server, [], { input: 'line\r\n\ttab ü 🎉\n' });
    expect(await (await SecretPage.ready(await visit(), link)).reveal()).toBe('line\r\n\ttab ü 🎉\n');
  });

  test('with a passphrase that was made up, and files', async ({ visit, server }) => {
    const blob = randomBytes(50_000);
    await inFolder(async (folder) => {
      await writeFile(join(folder, '.env'), 'KEY=1\n');
      await writeFile(join(folder, 'key.bin'), blob);
      const { link, said } = await send(server, ['--generate-passphrase', '.env', 'key.bin'], { cwd: folder });
      const passphrase = /another way: (\S+)/.exec(said)?.[1] ?? '';
      expect(passphrase.split('-').length).toBeGreaterThanOrEqual(5);
      const reader = await SecretPage.ready(await visit(), link);
      await reader.passphrase.fill(passphrase);
      await reader.revealButton.click();
      expect((await reader.save('.env')).bytes.toString()).toBe('KEY=1\n');
      expect((await reader.save('key.bin')).bytes.equals(blob)).toBe(true);
    });
  });

  test('the receipt is the same in both', async ({ visit, server }) => {
    const { link, receipt } = await send(server, ['--views', '2', '--expires', '3h'], { input: 'x' });
    await (await SecretPage.ready(await visit(), link)).reveal();
    expect(ended(await ikrypt(['receipt', receipt]))).toMatchObject({
      status: 0,
      text: expect.stringMatching(/^Waiting: 1 of 2 views is left\n.*created\n.*released to a holder of the link\n.*expires\n$/),
    });
    const burned = await ikrypt(['burn'], { input: receipt });
    expect(ended(burned)).toMatchObject({ status: 0, text: expect.stringMatching(/^Burned, and deleted\n/) });
    const sender = await ReceiptPage.of(await visit(), receipt);
    await expect(sender.title).toContainText('burned', { ignoreCase: true });
    const gone = await ikrypt(['open', link]);
    expect(gone.status).toBe(3);
    expect(gone.stderr).toContain('the sender burned this secret at 20');
  });
});

test.describe('page to terminal', () => {
  for (const passphrase of [undefined, 'häßlich  und gut ']) {
    test(`text and files, ${passphrase ? 'with' : 'without'} a passphrase`, async ({ visit, server }) => {
      const blob = randomBytes(100_000);
      const sender = await SendPage.of(await visit(), server);
      await sender.secret.fill('a note\n');
      await sender.addFiles(
        { name: 'blob', mimeType: '', buffer: blob },
        { name: 'taken.txt', mimeType: 'text/plain', buffer: Buffer.from('new') },
        { name: 'linked', mimeType: '', buffer: Buffer.from('through') },
      );
      if (passphrase) await sender.addPassphrase(passphrase);
      const { link } = await sender.create();
      await inFolder(async (folder) => {
        await writeFile(join(folder, 'phrase'), `${passphrase}\n`);
        await mkdir(join(folder, 'out'));
        await writeFile(join(folder, 'out/taken.txt'), 'theirs');
        await symlink(join(folder, 'outside'), join(folder, 'out/linked'));
        const args = ['open', '--output', 'out', ...(passphrase ? ['--passphrase-file', 'phrase'] : []), '-'];
        const opened = await ikrypt(args, { input: `<${link}>`, cwd: folder });
        expect(ended(opened)).toEqual({ status: 0, text: 'a note\n' });
        expect((await readdir(join(folder, 'out'))).sort()).toEqual(['blob', 'linked', 'linked (2)', 'taken (2).txt', 'taken.txt']);
        expect((await readFile(join(folder, 'out/blob'))).equals(blob)).toBe(true);
        expect(await readFile(join(folder, 'out/taken.txt'), 'utf8')).toBe('theirs');
        expect(await readFile(join(folder, 'out/taken (2).txt'), 'utf8')).toBe('new');
        expect(await readdir(folder)).not.toContain('outside');
      });
    });
  }

  test('looking costs nothing, and a wrong passphrase does not either', async ({ visit, server }) => {
    const sender = await SendPage.of(await visit(), server);
    await sender.addPassphrase('right');
    const { link } = await sender.send('guarded');
    await inFolder(async (folder) => {
      await writeFile(join(folder, 'wrong'), 'wrong');
      await writeFile(join(folder, 'right'), 'right\r\n');
      const peek = JSON.parse((await ikrypt(['open', '--peek', '--json', link])).stdout.toString());
      expect(peek).toMatchObject({ passphrase: true, max_views: 1, views_left: 1 });
      const none = await ikrypt(['open', link]);
      expect({ ...none, stdout: none.stdout.toString() }).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('No view was used') });
      const wrong = await ikrypt(['open', '--passphrase-file', 'wrong', link], { cwd: folder });
      expect(wrong).toMatchObject({ status: 4, stderr: expect.stringContaining('4 tries left') });
      for (let tries = 2; tries <= 5; tries++) await ikrypt(['open', '--passphrase-file', 'wrong', link], { cwd: folder });
      const locked = await ikrypt(['open', '--passphrase-file', 'right', link], { cwd: folder });
      expect(locked).toMatchObject({ status: 7, stderr: expect.stringContaining('locked, and no view was used. Try again in') });
      await new Promise((resolve) => setTimeout(resolve, 2500));
      expect(ended(await ikrypt(['open', '--passphrase-file', 'right', link], { cwd: folder }))).toEqual({ status: 0, text: 'guarded' });
    });
  });
});

for (const [name, bytes] of [
  ['a mebibyte of text', Buffer.from('0123456789abcde\n'.repeat(MEBIBYTE / 16))],
  ['a mebibyte of anything', randomBytes(MEBIBYTE)],
  ['a last line without an end', Buffer.from('one\ntwo')],
  ['one NUL', Buffer.from([0])],
] as const) {
  test(`ikrypt send < file | xargs ikrypt open: ${name}`, async ({ server }) => {
    await inFolder(async (folder) => {
      await writeFile(join(folder, 'file'), bytes);
      const line = '"$IKRYPT_BIN" send < file 2> said | xargs "$IKRYPT_BIN" open 2>> said > back && cmp file back';
      const { status } = await run('sh', ['-c', line], { cwd: folder, env: { IKRYPT_SERVER: server.origin } });
      expect({ status, said: await readFile(join(folder, 'said'), 'utf8') }).toMatchObject({ status: 0 });
    });
  });
}

test('an answer that is lost is asked for again, with the same claim', async ({ server }) => {
  const lost: Record<string, number> = {};
  const between = await Between.before(server, (answer) => {
    const call = answer.path.split('/').pop() ?? '';
    lost[call] = (lost[call] ?? 0) + 1;
    return lost[call] <= 2 ? 'lost' : answer;
  });
  const { link, said } = await send(between, ['--views', '3'], { input: 'only once' });
  expect(said).toContain('No answer yet');
  expect(ended(await ikrypt(['open', link]))).toEqual({ status: 0, text: 'only once' });
  expect(lost).toMatchObject({ create: 3, open: 3, reveal: 3 });
  const peek = await ikrypt(['open', '--peek', '--json', link.replace(between.origin, server.origin)]);
  expect(JSON.parse(peek.stdout.toString())).toMatchObject({ views_left: 2 });
  between.close();
});

test('what cannot be written is kept, since the view is used', async ({ server }) => {
  const { link } = await send(server, [], { input: 'precious\n' });
  const line = '"$IKRYPT_BIN" open "$LINK" > /dev/full';
  const { status, stderr } = await run('sh', ['-c', line], { env: { LINK: link } });
  expect(status).toBe(1);
  const kept = /the secret is in (\S+)/.exec(stderr)?.[1] ?? '';
  expect(await readFile(kept, 'utf8')).toBe('precious\n');
  await run('rm', ['-r', join(kept, '..')]);
});

test('a folder that cannot be written to is found before a view is used', async ({ server }) => {
  const { link } = await send(server, [], { input: 'x' });
  expect(await ikrypt(['open', '--output', '/proc/nowhere', link])).toMatchObject({ status: 1, stderr: expect.stringContaining('cannot write into') });
  expect(ended(await ikrypt(['open', link]))).toEqual({ status: 0, text: 'x' });
});

test('an envelope that was changed is told from one that is gone', async ({ server }) => {
  const changed = (call: string, change: (answer: Record<string, string>) => void) =>
    Between.before(server, (answer) => {
      if (!answer.path.endsWith(call)) return answer;
      const body = JSON.parse(answer.body.toString());
      change(body);
      return { ...answer, body: Buffer.from(JSON.stringify(body)) };
    });
  const { link } = await send(server, ['--views', '9'], { input: 'x' });
  const stripped = await changed('open', (body) => (body.envelope = body.envelope!.replace('AQEA', 'AQEB')));
  const before = await ikrypt(['open', link.replace(server.origin, stripped.origin)]);
  expect(before).toMatchObject({ status: 6, stderr: expect.stringContaining('No view was used') });
  const flipped = await changed('reveal', (body) => (body.share = `${body.share!.startsWith('A') ? 'B' : 'A'}${body.share!.slice(1)}`));
  const after = await ikrypt(['open', link.replace(server.origin, flipped.origin)]);
  expect(after).toMatchObject({ status: 6, stderr: expect.stringContaining('A view was used') });
  expect(after.stdout).toHaveLength(0);
  stripped.close();
  flipped.close();
});

test('on a terminal it asks: for the secret, before a view, and for the passphrase until it is right', async ({ server }) => {
  const env = { IKRYPT_SERVER: server.origin };
  const sent = await attended(['send', '--passphrase'], [['Secret', 'typed\u200B text'], ['Passphrase', 'right'], ['Once more', 'right']], env);
  expect(sent.status, sent.stdout.toString()).toBe(0);
  const link = /http:\S+\/s\/\S+/.exec(sent.stdout.toString())?.[0] ?? '';
  expect(sent.stdout.toString()).not.toContain('right');

  const no = await attended(['open', link], [['[y/N]', 'n']]);
  expect({ status: no.status, said: no.stdout.toString() }).toMatchObject({ status: 1, said: expect.stringContaining('no view was used') });
  const yes = await attended(['open'], [['Link', link], ['[y/N]', 'y'], ['Passphrase', 'wrong'], ['Passphrase', 'right']]);
  expect({ status: yes.status, said: yes.stdout.toString() }).toMatchObject({ status: 0, said: expect.stringContaining('4 tries left') });
  expect(yes.stdout.toString()).toContain('typed\u200B text');
  expect((await ikrypt(['open', link])).status).toBe(3);
});

test('Ctrl-C where nothing is shown ends it, and leaves a terminal that shows what is typed', async ({ server }) => {
  const { status, stdout } = await attended(['send'], [['Secret', 'half a sec\x03']], { IKRYPT_SERVER: server.origin });
  expect({ status, said: stdout.toString() }).toMatchObject({ status: 254 /* SIGINT */, said: expect.not.stringContaining('half') });
});

test('a terminal gets pictures of control characters, and no orders', async ({ server }) => {
  const { link } = await send(server, [], { input: 'a\x1b[2Jb\r\n' });
  const shown = (await attended(['open', '--yes', link], [])).stdout.toString();
  expect(shown).toContain('a\u241B[2Jb');
  expect(shown).not.toContain('\x1b[2Jb');
});

test('completions and the manual page are made from what can be typed', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    expect((await ikrypt(['completions', shell])).stdout.toString()).toContain('generate-passphrase');
  }
  const manual = (await ikrypt(['man'])).stdout.toString();
  for (const said of ['.TH ikrypt 1', 'IKRYPT SEND', 'IKRYPT VERIFY', 'Exit codes']) expect(manual).toContain(said);
});

test('a link of the other kind is told from a damaged one', async ({ server }) => {
  const { link, receipt } = await send(server, [], { input: 'x' });
  expect(await ikrypt(['open', receipt])).toMatchObject({ status: 2, stderr: expect.stringContaining('a receipt link') });
  expect(await ikrypt(['receipt', link])).toMatchObject({ status: 2, stderr: expect.stringContaining('the link that opens') });
  expect(ended(await ikrypt(['open', link]))).toEqual({ status: 0, text: 'x' });
});

test.describe('verify', () => {
  test('says yes to this server', async ({ server }) => {
    const { status, stdout } = await ikrypt(['verify', server.origin]);
    expect({ status, said: stdout.toString() }).toMatchObject({ status: 0, said: expect.stringContaining('serves what was built from this source') });
  });

  for (const [what, path, change] of [
    ['a script', /\/pkg\/.*\.js$/, (body: Buffer) => Buffer.concat([body.subarray(0, -1), Buffer.from([body.at(-1)! ^ 1])])],
    ['a byte of the WebAssembly', /\.wasm$/, (body: Buffer) => Buffer.concat([body.subarray(0, -1), Buffer.from([body.at(-1)! ^ 1])])],
    ['where a click is reported to', /^\/$/, (body: Buffer) => Buffer.from(body.toString().replaceAll('<a href=', '<a ping="/collect" href='))],
    ['an attribute in a page', /^\/s\//, (body: Buffer) => Buffer.from(body.toString().replace('<main', '<main onclick="x()"'))],
    ['a script of another host', /^\/$/, (body: Buffer) => Buffer.from(body.toString().replace('</head>', '<script src="https://evil.example/x.js"></script></head>'))],
  ] as const) {
    test(`says no where ${what} was changed`, async ({ server }) => {
      const between = await Between.before(server, (answer) => {
        // What is compressed stays as it is: a browser that asks for plain bytes is a browser too.
        if (answer.headers['content-encoding'] || !path.test(answer.path)) return answer;
        return { ...answer, body: change(answer.body) };
      });
      const { status, stdout, stderr } = await ikrypt(['verify', between.origin]);
      expect({ status, stdout: stdout.toString() }).toEqual({ status: 6, stdout: '' });
      expect(stderr).toContain('does not serve what was built from this source');
      between.close();
    });
  }

  test('says no where the policy was loosened', async ({ server }) => {
    const between = await Between.before(server, (answer) => {
      const policy = answer.headers['content-security-policy'];
      if (typeof policy !== 'string') return answer;
      return { ...answer, headers: { ...answer.headers, 'content-security-policy': policy.replace("connect-src 'self'", 'connect-src *') } };
    });
    expect(await ikrypt(['verify', between.origin])).toMatchObject({ status: 6, stderr: expect.stringContaining('another content-security-policy') });
    between.close();
  });
});

test('the configuration file names the server, and its token goes to that server and no other', async ({ server }) => {
  await inFolder(async (folder) => {
    const seen: [path: string, token: string | undefined][] = [];
    const between = await Between.before(server, (answer) => answer);
    between.listener.prependListener('request', (asked) => seen.push([asked.url ?? '', asked.headers.authorization]));
    await mkdir(join(folder, 'ikrypt'));
    await writeFile(join(folder, 'ikrypt/config.toml'), `server = "${between.origin}"\ntoken = "a-token-of-sixteen"\n`);
    const env = { XDG_CONFIG_HOME: folder };
    const own = await ikrypt(['send'], { input: 'x', env });
    expect(own.stdout.toString()).toContain(between.origin);
    expect(seen).toEqual([
      ['/api/v1/config', undefined],
      ['/api/v1/create', 'Bearer a-token-of-sixteen'],
    ]);
    const other = await Between.before(server, (answer) => answer);
    other.listener.prependListener('request', (asked) => seen.push([asked.url ?? '', asked.headers.authorization]));
    expect((await ikrypt(['send', '--server', other.origin], { input: 'x', env })).status).toBe(0);
    expect(seen.slice(2)).toEqual([
      ['/api/v1/config', undefined],
      ['/api/v1/create', undefined],
    ]);
    between.close();
    other.close();

    await writeFile(join(folder, 'ikrypt/config.toml'), 'sever = "x"\n');
    expect(await ikrypt(['send'], { input: 'x', env })).toMatchObject({ status: 2, stderr: expect.stringContaining('config.toml') });
  });
});

test('a QR code goes to standard error, and the link stays alone', async ({ server }) => {
  const { link, said } = await send(server, ['--qr'], { input: 'x' });
  expect(link).toMatch(/^http\S+$/);
  expect(said.match(/[█▀▄]/g)?.length).toBeGreaterThan(300);
});

test('the clipboard is given the link by standard input, never as an argument', async ({ server }) => {
  await inFolder(async (folder) => {
    const program = '#!/bin/sh\necho "$@" > arguments\ncat > pasted\n';
    await writeFile(join(folder, 'xclip'), program, { mode: 0o755 });
    const env = { PATH: `${folder}:${process.env.PATH}`, DISPLAY: ':0', WAYLAND_DISPLAY: '' };
    const { link } = await send(server, ['--copy'], { input: 'x', cwd: folder, env });
    expect(await readFile(join(folder, 'pasted'), 'utf8')).toBe(link);
    expect(await readFile(join(folder, 'arguments'), 'utf8')).toBe('-selection clipboard\n');
  });
});
