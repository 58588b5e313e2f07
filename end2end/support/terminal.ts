import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Ended {
  status: number | null;
  stdout: Buffer;
  stderr: string;
}

interface Given {
  /** Goes to standard input; without it, that is empty. */
  input?: string | Buffer;
  env?: Record<string, string>;
  cwd?: string;
}

/** Runs a program to its end, as in a pipe: nothing about it is a terminal. */
export async function run(program: string, args: string[], { input = '', env = {}, cwd }: Given = {}): Promise<Ended> {
  const child = spawn(program, args, { cwd, env: { ...process.env, TZ: 'UTC', ...env } });
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => stdout.push(data));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  // A program that ends early does not read all.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, stdout: Buffer.concat(stdout), stderr }));
  });
}

function named(variable: string): string {
  const program = process.env[variable];
  if (!program) throw new Error(`${variable} names no program: run \`cargo xtask e2e\``);
  return program;
}

const NOBODY = { XDG_CONFIG_HOME: '/nonexistent', HOME: '/nonexistent' };

/** The command line, with an empty configuration folder. */
export const ikrypt = (args: string[], given: Given = {}): Promise<Ended> =>
  run(named('IKRYPT_BIN'), args, { ...given, env: { ...NOBODY, ...given.env } });

/** Python with the packages of `requirements.txt`, or a program that came with one of them. */
export const python = (args: string[], given?: Given): Promise<Ended> => run(join(named('IKRYPT_PYTHON'), 'python'), args, given);
export const schemathesis = (args: string[], given?: Given): Promise<Ended> =>
  run(join(named('IKRYPT_PYTHON'), 'schemathesis'), args, given);

/** The command line on a terminal, with somebody who answers each prompt. */
export const attended = (args: string[], answers: [prompt: string, answer: string][], env: Record<string, string> = {}): Promise<Ended> =>
  python([join(__dirname, 'on_a_terminal.py'), JSON.stringify(answers), named('IKRYPT_BIN'), ...args], { env: { ...NOBODY, ...env } });

/** An empty folder, for as long as `work` lasts. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'ikrypt-terminal-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
