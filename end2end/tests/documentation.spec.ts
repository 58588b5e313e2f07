import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram, withTemporaryFolder } from '../support/programs';
import { expect, test } from '../support/test';

const DOCS = join(__dirname, '../../docs');
const COMMAND_TIMEOUT_MS = 10_000;

/** A block of shell commands. */
interface Block {
  commands: string;
  /** The sentence after the block that says why no test runs it. */
  exemption: string | undefined;
}

function blocks(markdown: string): Block[] {
  const matches = markdown.matchAll(/^```sh\n(.*?)^```\n\n?(\*Not run by a test[^*]*\*)?/gms);
  return Array.from(matches, ([, commands, exemption]) => ({ commands: commands!, exemption }));
}

/** Runs commands in a folder until they end or a server listens. */
async function runCommands(folder: string, commands: string): Promise<{ result: number | 'listens'; output: string }> {
  const child = spawn('sh', ['-e', '-c', commands], {
    cwd: folder,
    detached: true,
    env: { PATH: process.env.PATH, IKRYPT_LISTEN: '127.0.0.1:0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const listens = new Promise<'listens'>((resolve) => {
    child.stdout.on('data', (data) => (output += data).includes('listening on http') && resolve('listens'));
    child.stderr.on('data', (data) => (output += data));
  });
  const timeout = new Promise<never>((_, reject) => setTimeout(() => reject(new Error(`the commands did not end:\n${output}`)), COMMAND_TIMEOUT_MS).unref());
  const exit = once(child, 'exit').then(([code]) => code as number);
  try {
    return { result: await Promise.race([exit, listens, timeout]), output };
  } finally {
    if (child.exitCode === null) {
      process.kill(-child.pid!, 'SIGTERM');
      await exit;
    }
  }
}

test('every command of the documentation runs, or is exempted with a reason', async () => {
  const files = (await readdir(DOCS)).filter((name) => name.endsWith('.md'));
  expect(files).toEqual(expect.arrayContaining(['install.md', 'configure.md', 'operate.md', 'back-up.md', 'upgrade.md']));
  let ran = 0;
  for (const name of files) {
    for (const { commands, exemption } of blocks(await readFile(join(DOCS, name), 'utf8'))) {
      if (exemption) continue;
      await withTemporaryFolder(async (folder) => {
        for (const variable of ['IKRYPT_SERVER_BIN', 'IKRYPT_BIN']) {
          const program = process.env[variable]!;
          await symlink(program, join(folder, program.split('/').pop()!));
        }
        // The commands expect an existing database.
        await runCommands(folder, './ikrypt-server admin migrate');
        const { result, output } = await runCommands(folder, commands);
        expect([0, 'listens'], `${name}:\n${commands}\n${output}`).toContain(result);
      });
      ran++;
    }
  }
  expect(ran).toBeGreaterThan(7);
});

test('systemd unit has a low exposure level', async () => {
  const unit = join(DOCS, '../deploy/ikrypt.service');
  const analysis = await runProgram('systemd-analyze', ['security', '--offline=true', '--threshold=20', unit]).catch(() => undefined);
  test.skip(!analysis, 'systemd-analyze is not installed');
  expect(analysis!.status, analysis!.stdout.toString()).toBe(0);
});

test('every link between the documents leads to a file', async () => {
  const root = join(DOCS, '..');
  const files = [...(await readdir(DOCS)).filter((name) => name.endsWith('.md')).map((name) => join('docs', name)), 'README.md', 'SECURITY.md', 'ARCHITECTURE.md', 'CHANGELOG.md'];
  for (const file of files) {
    const text = await readFile(join(root, file), 'utf8');
    for (const [, target] of text.matchAll(/\]\((?!https?:|mailto:)([^)#]+)(?:#[^)]*)?\)/g)) {
      await readFile(join(root, file, '..', target!)).catch(() => expect(target, file).toBe('a file'));
    }
  }
});
