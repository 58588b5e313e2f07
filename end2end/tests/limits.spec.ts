import { once } from 'node:events';
import { connect } from 'node:net';
import { protocol } from '../support/protocol';
import { sent } from '../support/secrets';
import type { Server } from '../support/server';
import { expect, test } from '../support/test';

/** The release binary as it comes, but for a database and a port of its own. */
const AS_IT_COMES = { IKRYPT_RATE_LIMIT: 'on' };

async function create(server: Server, headers: Record<string, string> = {}): Promise<Response> {
  const { request } = await protocol().seal('one of many', 3600, 1);
  return fetch(`${server.origin}/api/v1/create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(request),
  });
}

test('who creates too many is told how long to wait, whatever X-Forwarded-For says', async ({ ownServer }) => {
  await ownServer.restart(AS_IT_COMES);
  const answers: Response[] = [];
  for (let index = 0; index < 135; index++) {
    answers.push(await create(ownServer, { 'x-forwarded-for': `203.0.113.${index}` }));
  }
  const limited = answers.filter((answer) => answer.status === 429);
  expect(answers.filter((answer) => answer.status === 201).length).toBeGreaterThanOrEqual(120);
  expect(limited.length).toBeGreaterThan(0);
  expect(Number(limited[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(await limited[0]?.json()).toEqual({ error: 'rate_limited' });
});

test('a connection that sends a byte every few seconds is closed within ten', async ({ ownServer }) => {
  await ownServer.restart(AS_IT_COMES);
  const begun = Date.now();
  const socket = connect(Number(new URL(ownServer.origin).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  socket.write('GET / HTTP/1.1\r\nhost: x\r\nx: ');
  const dripping = setInterval(() => socket.write('x'), 3_000);
  await once(socket, 'close');
  clearInterval(dripping);
  expect(Date.now() - begun).toBeLessThan(10_000);
});

test('a full quota takes nothing new, and what is there can be opened', async ({ ownServer }) => {
  const { link } = await sent(ownServer, 'here before');
  await ownServer.restart({ ...AS_IT_COMES, IKRYPT_STORAGE_QUOTA: '1' });
  const full = await create(ownServer);
  expect(full.status).toBe(507);
  expect(await full.json()).toEqual({ error: 'storage_full' });
  expect((await fetch(link)).status).toBe(200);
});
