import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How a program ended, and its output. */
export interface ProcessResult {
  status: number | null;
  stdout: Buffer;
  stderr: string;
}

interface RunOptions {
  /** The standard input, empty by default. */
  input?: string | Buffer;
  env?: Record<string, string>;
  cwd?: string;
}

/** Runs a program with pipes for its input and outputs. */
export async function runProgram(program: string, args: string[], { input = '', env = {}, cwd }: RunOptions = {}): Promise<ProcessResult> {
  const child = spawn(program, args, { cwd, env: { ...process.env, TZ: 'UTC', ...env } });
  const stdout: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => stdout.push(data));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  // A program that ends early does not read all of its input.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, stdout: Buffer.concat(stdout), stderr }));
  });
}

/** Returns the path in an environment variable. */
function pathFrom(variable: string): string {
  const program = process.env[variable];
  if (!program) throw new Error(`${variable} is not set: run \`cargo xtask e2e\``);
  return program;
}

/** Hides the configuration of the user who runs the tests. */
const EMPTY_CONFIG = { XDG_CONFIG_HOME: '/nonexistent', HOME: '/nonexistent' };

/** Runs `ikrypt` without a configuration file. */
export const ikrypt = (args: string[], options: RunOptions = {}): Promise<ProcessResult> =>
  runProgram(pathFrom('IKRYPT_BIN'), args, { ...options, env: { ...EMPTY_CONFIG, ...options.env } });

/** Runs Python with the packages of `requirements.txt`. */
export const python = (args: string[], options?: RunOptions): Promise<ProcessResult> => runProgram(join(pathFrom('IKRYPT_PYTHON'), 'python'), args, options);

/** Runs schemathesis, one of those packages. */
export const schemathesis = (args: string[], options?: RunOptions): Promise<ProcessResult> =>
  runProgram(join(pathFrom('IKRYPT_PYTHON'), 'schemathesis'), args, options);

/** Runs `ikrypt` in a pseudo-terminal, and answers its prompts. The output is that of the terminal. */
export const ikryptInTerminal = (args: string[], answers: [prompt: string, answer: string][], env: Record<string, string> = {}): Promise<ProcessResult> =>
  python([join(__dirname, 'pseudo_terminal.py'), JSON.stringify(answers), pathFrom('IKRYPT_BIN'), ...args], { env: { ...EMPTY_CONFIG, ...env } });

/** Creates an empty folder for the duration of `work`. */
export async function withTemporaryFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'ikrypt-terminal-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}
