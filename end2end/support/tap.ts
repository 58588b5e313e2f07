import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server as Listener, type Socket } from 'node:net';
import type { Server } from './server';

/** Stands between browser and server, lets every byte through, and keeps a copy of all of them. */
export class Tap {
  readonly #streams: Buffer[][] = [];

  private constructor(
    readonly origin: string,
    readonly listener: Listener,
  ) {}

  static async before(server: Server): Promise<Tap> {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const tap = new Tap(`http://127.0.0.1:${(listener.address() as AddressInfo).port}`, listener);
    const port = Number(new URL(server.origin).port);
    listener.on('connection', (browser) => {
      const upstream = connect(port, '127.0.0.1');
      tap.#copy(browser, upstream);
      tap.#copy(upstream, browser);
    });
    return tap;
  }

  /** Every connection's two directions, one after the other. */
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
