import { once } from 'node:events';
import type { AddressInfo, Server as Listener } from 'node:net';

/** Listens on a free port of the loopback interface, and returns the origin. */
export async function listen(listener: Listener): Promise<string> {
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  return `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
}
