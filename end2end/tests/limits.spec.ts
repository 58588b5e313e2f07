import { once } from 'node:events';
import { connect } from 'node:net';
import { protocol } from '../support/protocol';
import { createSecret } from '../support/secrets';
import type { Server } from '../support/server';
import { expect, test } from '../support/test';

/** The defaults of the server, except for the database and the port. */
const DEFAULTS = { IKRYPT_RATE_LIMIT: 'on' };

async function create(server: Server, headers: Record<string, string> = {}): Promise<Response> {
  const { request } = await protocol().seal('one of many', 3600, 1);
  return fetch(`${server.origin}/api/v1/create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(request),
  });
}

test('client that creates too many secrets is rate limited despite forged X-Forwarded-For', async ({ ownServer }) => {
  await ownServer.restart(DEFAULTS);
  const responses: Response[] = [];
  for (let index = 0; index < 135; index++) {
    responses.push(await create(ownServer, { 'x-forwarded-for': `203.0.113.${index}` }));
  }
  const limited = responses.filter((response) => response.status === 429);
  expect(responses.filter((response) => response.status === 201).length).toBeGreaterThanOrEqual(120);
  expect(limited.length).toBeGreaterThan(0);
  expect(Number(limited[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await limited[0]?.json()).toEqual({ error: 'rate_limited' });
});

test('connection that sends a byte every few seconds is closed within ten seconds', async ({ ownServer }) => {
  await ownServer.restart(DEFAULTS);
  const start = Date.now();
  const socket = connect(Number(new URL(ownServer.origin).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  socket.write('GET / HTTP/1.1\r\nhost: x\r\nx: ');
  const interval = setInterval(() => socket.write('x'), 3_000);
  await once(socket, 'close');
  clearInterval(interval);
  expect(Date.now() - start).toBeLessThan(10_000);
});

test('full storage quota refuses new secrets and serves existing ones', async ({ ownServer }) => {
  const { link } = await createSecret(ownServer, 'here before');
  await ownServer.restart({ ...DEFAULTS, IKRYPT_STORAGE_QUOTA: '1' });
  const full = await create(ownServer);
  expect(full.status).toBe(507);
  expect(await full.json()).toEqual({ error: 'storage_full' });
  expect((await fetch(link)).status).toBe(200);
});
