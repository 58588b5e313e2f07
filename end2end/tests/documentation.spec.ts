import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { inFolder, run } from '../support/terminal';
import { expect, test } from '../support/test';

const DOCS = join(__dirname, '../../docs');
const PATIENCE_MS = 10_000;

interface Block {
  commands: string;
  /** What stands behind it, where it says why it is not run. */
  excuse: string | undefined;
}

function blocks(markdown: string): Block[] {
  const found = markdown.matchAll(/^```sh\n(.*?)^```\n\n?(\*Not run by a test[^*]*\*)?/gms);
  return Array.from(found, ([, commands, excuse]) => ({ commands: commands!, excuse }));
}

/** Runs them in a folder with the programs in it, until they end or a server listens. */
async function runIn(folder: string, commands: string): Promise<{ ended: number | 'listens'; said: string }> {
  const child = spawn('sh', ['-e', '-c', commands], {
    cwd: folder,
    detached: true,
    env: { PATH: process.env.PATH, IKRYPT_LISTEN: '127.0.0.1:0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const listens = new Promise<'listens'>((resolve) => {
    child.stdout.on('data', (data) => (said += data).includes('listening on http') && resolve('listens'));
    child.stderr.on('data', (data) => (said += data));
  });
  const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`it goes on:\n${said}`)), PATIENCE_MS).unref());
  const exit = once(child, 'exit').then(([code]) => code as number);
  try {
    return { ended: await Promise.race([exit, listens, late]), said };
  } finally {
    if (child.exitCode === null) {
      process.kill(-child.pid!, 'SIGTERM');
      await exit;
    }
  }
}

test('every command of the documentation runs, or says why no test runs it', async () => {
  const files = (await readdir(DOCS)).filter((name) => name.endsWith('.md'));
  expect(files).toEqual(expect.arrayContaining(['install.md', 'configure.md', 'operate.md', 'back-up.md', 'upgrade.md']));
  let ran = 0;
  for (const name of files) {
    for (const { commands, excuse } of blocks(await readFile(join(DOCS, name), 'utf8'))) {
      if (excuse) continue;
      await inFolder(async (folder) => {
        for (const variable of ['IKRYPT_SERVER_BIN', 'IKRYPT_BIN']) {
          const program = process.env[variable]!;
          await symlink(program, join(folder, program.split('/').pop()!));
        }
        // Somebody has started it once.
        await runIn(folder, './ikrypt-server admin migrate');
        const { ended, said } = await runIn(folder, commands);
        expect([0, 'listens'], `${name}:\n${commands}\n${said}`).toContain(ended);
      });
      ran++;
    }
  }
  expect(ran).toBeGreaterThan(7);
});

test('the systemd unit leaves little to be exposed', async () => {
  const unit = join(DOCS, '../deploy/ikrypt.service');
  const analysed = await run('systemd-analyze', ['security', '--offline=true', '--threshold=20', unit]).catch(() => undefined);
  test.skip(!analysed, 'there is no systemd-analyze here');
  expect(analysed!.status, analysed!.stdout.toString()).toBe(0);
});

test('every link between the documents leads somewhere', async () => {
  const root = join(DOCS, '..');
  const files = [...(await readdir(DOCS)).filter((name) => name.endsWith('.md')).map((name) => join('docs', name)), 'README.md', 'SECURITY.md', 'ARCHITECTURE.md', 'CHANGELOG.md'];
  for (const file of files) {
    const text = await readFile(join(root, file), 'utf8');
    for (const [, target] of text.matchAll(/\]\((?!https?:|mailto:)([^)#]+)(?:#[^)]*)?\)/g)) {
      await readFile(join(root, file, '..', target!)).catch(() => expect(target, file).toBe('a file'));
    }
  }
});
