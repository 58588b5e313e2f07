import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Store } from './store';

const PATIENCE_MS = 20_000;

// Nothing stays behind where a worker ends early.
const running = new Set<ChildProcess>();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** The product, started with a database of its own, on a port that it keeps when it is started again. */
export class Server {
  /** Everything it logged, at trace level. */
  log = '';
  /** `http://127.0.0.1:PORT`. */
  origin = '';
  #process: ChildProcess | undefined;

  private constructor(readonly store: Store) {}

  static async on(store: Store): Promise<Server> {
    const server = new Server(store);
    try {
      await server.start();
    } catch (error) {
      await store.remove();
      throw error;
    }
    return server;
  }

  /** Starts it anew with other settings. */
  async restart(settings: Record<string, string>): Promise<void> {
    await this.#end('SIGTERM');
    await this.start(settings);
  }

  async start(settings: Record<string, string> = {}): Promise<void> {
    const program = process.env.IKRYPT_SERVER_BIN;
    if (!program) throw new Error('IKRYPT_SERVER_BIN names no server: run `cargo xtask e2e`');
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
      const late = setTimeout(() => reject(new Error(`the server did not start:\n${this.log}`)), PATIENCE_MS);
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`the server ended:\n${this.log}`)));
      createInterface(child.stdout).on('line', (line) => {
        const origin = /^listening on (http:\/\/\S+)$/.exec(line)?.[1];
        if (!origin) return;
        clearTimeout(late);
        resolve(origin);
      });
    });
  }

  /** Lines of its log with something in them that may be an id, a key, a hash, a token or somebody's address. */
  suspicious(): string[] {
    const looksSecret = (word: string) => /\d/.test(word) && /[a-z]/.test(word) && /[A-Z]/.test(word);
    const isHash = (word: string) => /^[0-9a-f]{24,}$/.test(word);
    // Where secrets are kept is said once, at the start.
    const lines = this.log.split('\n').filter((line) => !line.includes('secrets are kept here'));
    return lines.filter((line) => {
      const words = line.match(/[\w-]{16,}/g) ?? [];
      const hasAddress = /\b\d{1,3}(\.\d{1,3}){3}\b/.test(line);
      return hasAddress || words.some((word) => looksSecret(word) || isHash(word));
    });
  }

  /** Ends it at once, as a power cut would. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Ends it, and its database with it. */
  async remove(): Promise<void> {
    await this.#end('SIGTERM');
    await this.store.remove();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
    child.kill(signal);
    await ended;
    clearTimeout(late);
  }
}
