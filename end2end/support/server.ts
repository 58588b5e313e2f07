import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestStore } from './test-store';

/** How long a server may take to start, and to stop after SIGTERM. */
const START_STOP_TIMEOUT_MS = 20_000;

// Kills the servers of a worker that ends early.
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** A server process with its own database. It keeps its port when it is restarted. */
export class Server {
  /** Everything that it has logged, at level trace. */
  log = '';
  /** `http://127.0.0.1:PORT`. */
  origin = '';
  #process: ChildProcess | undefined;

  private constructor(readonly store: TestStore) {}

  /** Starts a server on a database, and removes the database if the server does not start. */
  static async startOn(store: TestStore): Promise<Server> {
    const server = new Server(store);
    try {
      await server.start();
    } catch (error) {
      await store.remove();
      throw error;
    }
    return server;
  }

  /** Restarts the server with other settings. */
  async restart(settings: Record<string, string>): Promise<void> {
    await this.#stop('SIGTERM');
    await this.start(settings);
  }

  async start(settings: Record<string, string> = {}): Promise<void> {
    const program = process.env.IKRYPT_SERVER_BIN;
    if (!program) throw new Error('IKRYPT_SERVER_BIN is not set: run `cargo xtask e2e`');
    const child = spawn(program, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        DATABASE_URL: this.store.url,
        IKRYPT_LISTEN: this.origin ? new URL(this.origin).host : '127.0.0.1:0',
        IKRYPT_LOG: 'trace',
        IKRYPT_RATE_LIMIT: 'off',
        NO_COLOR: '1',
        ...settings,
      },
    });
    this.#process = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    child.stderr.on('data', (data) => (this.log += data));
    this.origin = await new Promise<string>((resolve, reject) => {
      const timeout = setTimeout(() => reject(new Error(`the server did not start:\n${this.log}`)), START_STOP_TIMEOUT_MS);
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`the server ended:\n${this.log}`)));
      createInterface(child.stdout).on('line', (line) => {
        const origin = /^listening on (http:\/\/\S+)$/.exec(line)?.[1];
        if (!origin) return;
        clearTimeout(timeout);
        resolve(origin);
      });
    });
  }

  /** Returns the log lines with anything that may be an id, a key, a hash, a token or an IP address. */
  suspiciousLogLines(): string[] {
    const looksSecret = (word: string) => /\d/.test(word) && /[a-z]/.test(word) && /[A-Z]/.test(word);
    const isHash = (word: string) => /^[0-9a-f]{24,}$/.test(word);
    // The location of the database is logged once, at the start.
    const lines = this.log.split('\n').filter((line) => !line.includes('secrets are kept here'));
    return lines.filter((line) => {
      const words = line.match(/[\w-]{16,}/g) ?? [];
      const hasAddress = /\b\d{1,3}(\.\d{1,3}){3}\b/.test(line);
      return hasAddress || words.some((word) => looksSecret(word) || isHash(word));
    });
  }

  /** Kills the server, without a clean stop. */
  async kill(): Promise<void> {
    await this.#stop('SIGKILL');
  }

  /** Stops the server, and removes its database. */
  async remove(): Promise<void> {
    await this.#stop('SIGTERM');
    await this.store.remove();
  }

  async #stop(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    const timeout = setTimeout(() => child.kill('SIGKILL'), START_STOP_TIMEOUT_MS);
    child.kill(signal);
    await ended;
    clearTimeout(timeout);
  }
}
