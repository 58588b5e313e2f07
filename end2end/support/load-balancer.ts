import { once } from 'node:events';
import { createServer, request, type Server as Listener } from 'node:http';
import { listen } from './listen';
import type { Server } from './server';

/** A round-robin load balancer that tries the next server if one cannot be reached. */
export class LoadBalancer {
  #next = 0;
  /** How many requests each server has answered. */
  readonly responseCounts: number[];

  private constructor(
    readonly origin: string,
    readonly listener: Listener,
    servers: Server[],
  ) {
    this.responseCounts = servers.map(() => 0);
  }

  static async start(servers: Server[]): Promise<LoadBalancer> {
    const listener = createServer();
    const balancer = new LoadBalancer(await listen(listener), listener, servers);
    listener.on('request', async (incoming, outgoing) => {
      const body = Buffer.concat(await incoming.toArray());
      for (let tries = 0; tries < servers.length; tries++) {
        const index = balancer.#next++ % servers.length;
        const upstream = request(servers[index]!.origin + incoming.url, { method: incoming.method, headers: incoming.headers });
        upstream.end(body);
        try {
          const [response] = await once(upstream, 'response');
          outgoing.writeHead(response.statusCode, response.headers);
          response.pipe(outgoing);
          balancer.responseCounts[index]!++;
          return;
        } catch {
          // The server cannot be reached: try the next one.
        }
      }
      outgoing.writeHead(502).end();
    });
    return balancer;
  }

  close(): void {
    this.listener.close();
    this.listener.closeAllConnections();
  }
}
