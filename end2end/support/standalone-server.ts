import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** A server that was started with an empty environment. */
export class StandaloneServer {
  private constructor(
    readonly origin: string,
    /** Milliseconds from the start of the process to the line that says it listens. */
    readonly startedAfterMs: number,
    readonly process: ChildProcess,
  ) {}

  static async start(program: string, folder: string, args: string[] = []): Promise<StandaloneServer> {
    const before = performance.now();
    const child = spawn(program, args, { cwd: folder, env: {}, stdio: ['ignore', 'pipe', 'ignore'] });
    const [line] = (await once(createInterface(child.stdout!), 'line')) as [string];
    const startedAfterMs = performance.now() - before;
    const origin = /^listening on (http:\/\/\S+)$/.exec(line)?.[1];
    if (!origin) throw new Error(`the first line is not an address: ${line}`);
    return new StandaloneServer(origin, startedAfterMs, child);
  }

  /** Returns the resident memory, in bytes. */
  async residentMemory(): Promise<number> {
    const status = await readFile(`/proc/${this.process.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  /** Stops the server, and returns its exit code. */
  async stop(): Promise<number | null> {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    const [code] = (await ended) as [number | null];
    return code;
  }
}
