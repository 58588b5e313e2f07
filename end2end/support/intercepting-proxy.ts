import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { createServer, request, type IncomingHttpHeaders, type Server as Listener } from 'node:http';
import { listen } from './listen';
import type { Server } from './server';

export interface InterceptedResponse {
  /** The path of the request. */
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Returns the response to pass on, or `lost` to close the connection without one. */
type Intercept = (response: InterceptedResponse) => InterceptedResponse | 'lost';

/** A proxy between a client and the server that can change and drop responses. */
export class InterceptingProxy {
  private constructor(
    readonly origin: string,
    readonly listener: Listener,
  ) {}

  static async start(server: Server, intercept: Intercept): Promise<InterceptingProxy> {
    const listener = createServer(async (incoming, outgoing) => {
      const requestBody = Buffer.concat(await incoming.toArray());
      const path = incoming.url ?? '/';
      const upstream = request(server.origin + path, { method: incoming.method, headers: incoming.headers });
      upstream.end(requestBody);
      const [response] = await once(upstream, 'response');
      const passed = intercept({ path, headers: { ...response.headers }, body: Buffer.concat(await response.toArray()) });
      if (passed === 'lost') {
        incoming.socket.destroy();
        return;
      }
      delete passed.headers['transfer-encoding'];
      outgoing.writeHead(response.statusCode, { ...passed.headers, 'content-length': passed.body.length });
      outgoing.end(passed.body);
    });
    return new InterceptingProxy(await listen(listener), listener);
  }

  close(): void {
    this.listener.close();
    this.listener.closeAllConnections();
  }
}
