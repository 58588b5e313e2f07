import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer, request, type IncomingHttpHeaders, type Server as Listener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Server } from './server';

export interface Passing {
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** What a proxy does with an answer: lets it through, changed or not, or loses it. */
type Change = (answer: Passing) => Passing | 'lost';

/** A proxy that can change and lose answers, between a client and the server. */
export class Between {
  private constructor(
    readonly origin: string,
    readonly listener: Listener,
  ) {}

  static async before(server: Server, change: Change): Promise<Between> {
    const listener = createServer(async (asked, answering) => {
      const sent = Buffer.concat(await asked.toArray());
      const path = asked.url ?? '/';
      const upstream = request(server.origin + path, { method: asked.method, headers: asked.headers });
      upstream.end(sent);
      const [answer] = await once(upstream, 'response');
      const passing = change({ path, headers: { ...answer.headers }, body: Buffer.concat(await answer.toArray()) });
      if (passing === 'lost') {
        asked.socket.destroy();
        return;
      }
      delete passing.headers['transfer-encoding'];
      answering.writeHead(answer.statusCode, { ...passing.headers, 'content-length': passing.body.length });
      answering.end(passing.body);
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new Between(`http://127.0.0.1:${(listener.address() as AddressInfo).port}`, listener);
  }

  close(): void {
    this.listener.close();
    this.listener.closeAllConnections();
  }
}
