import { once } from 'node:events';
import { createServer, request, type Server as Listener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Server } from './server';

/** A balancer: each request goes to the next server, and to the one after where that is away. */
export class RoundRobin {
  #next = 0;
  /** How many each has answered. */
  readonly answered: number[];

  private constructor(
    readonly servers: Server[],
    readonly listener: Listener,
  ) {
    this.answered = servers.map(() => 0);
  }

  static async over(servers: Server[]): Promise<RoundRobin> {
    const listener = createServer();
    const balancer = new RoundRobin(servers, listener);
    listener.on('request', async (asked, answering) => {
      const body = Buffer.concat(await asked.toArray());
      for (let tries = 0; tries < servers.length; tries++) {
        const at = balancer.#next++ % servers.length;
        const upstream = request(servers[at]!.origin + asked.url, { method: asked.method, headers: asked.headers });
        upstream.end(body);
        try {
          const [answer] = await once(upstream, 'response');
          answering.writeHead(answer.statusCode, answer.headers);
          answer.pipe(answering);
          balancer.answered[at]!++;
          return;
        } catch {
          // Away: the next one, as balancers do.
        }
      }
      answering.writeHead(502).end();
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return balancer;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  close(): void {
    this.listener.close();
    this.listener.closeAllConnections();
  }
}
