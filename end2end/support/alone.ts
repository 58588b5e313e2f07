import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** A program started with next to nothing in its environment, and when it said that it listens. */
export class Alone {
  private constructor(
    readonly origin: string,
    /** From its start to its line. */
    readonly startedAfterMs: number,
    readonly process: ChildProcess,
  ) {}

  static async start(program: string, folder: string, args: string[] = []): Promise<Alone> {
    const before = performance.now();
    const child = spawn(program, args, { cwd: folder, env: {}, stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
    const startedAfterMs = performance.now() - before;
    const origin = /^listening on (http:\/\/\S+)$/.exec(line)?.[1];
    if (!origin) throw new Error(`it said ${line}`);
    return new Alone(origin, startedAfterMs, child);
  }

  /** Bytes of memory that it holds. */
  async resident(): Promise<number> {
    const status = await readFile(`/proc/${this.process.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  async stop(): Promise<number | null> {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    const [code] = (await ended) as [number | null];
    return code;
  }
}
