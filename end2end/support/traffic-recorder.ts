import { Buffer } from 'node:buffer';
import { connect, createServer, type Server as Listener, type Socket } from 'node:net';
import { listen } from './listen';
import type { Server } from './server';

/** A TCP proxy between browser and server that keeps a copy of every byte in both directions. */
export class TrafficRecorder {
  readonly #streams: Buffer[][] = [];

  private constructor(
    readonly origin: string,
    readonly listener: Listener,
  ) {}

  static async start(server: Server): Promise<TrafficRecorder> {
    const listener = createServer();
    const recorder = new TrafficRecorder(await listen(listener), listener);
    const port = Number(new URL(server.origin).port);
    listener.on('connection', (browser) => {
      const upstream = connect(port, '127.0.0.1');
      recorder.#copy(browser, upstream);
      recorder.#copy(upstream, browser);
    });
    return recorder;
  }

  /** Returns everything recorded: both directions of each connection, one after the other. */
  bytes(): Buffer {
    return Buffer.concat(this.#streams.map((stream) => Buffer.concat(stream)));
  }

  async close(): Promise<void> {
    this.listener.close();
  }

  #copy(from: Socket, to: Socket): void {
    const stream: Buffer[] = [];
    this.#streams.push(stream);
    from.on('data', (data) => stream.push(Buffer.from(data)));
    from.on('error', () => to.destroy());
    from.on('close', () => to.end());
    from.pipe(to);
  }
}
