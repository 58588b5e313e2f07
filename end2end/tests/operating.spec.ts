import { Buffer } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { idOf, sent } from '../support/secrets';
import type { Server } from '../support/server';
import { ikrypt, inFolder, run } from '../support/terminal';
import { expect, test } from '../support/test';

const TOKEN = 'a-token-of-one-of-us';

/** `ikrypt-server` with a command, on a server's database. */
const operate = (server: Server, ...args: string[]) =>
  run(process.env.IKRYPT_SERVER_BIN!, args, { env: { DATABASE_URL: server.store.url, IKRYPT_LOG: 'error' } });

test('where only those create who have a token, anybody opens', async ({ visit, ownServer, watch }) => {
  watch.expect(/status of 401/);
  await inFolder(async (folder) => {
    await writeFile(join(folder, 'tokens'), `# of us\n${TOKEN}\n`);
    await writeFile(join(folder, 'token'), `${TOKEN}\n`);
    await ownServer.restart({ IKRYPT_CREATION_TOKENS_FILE: join(folder, 'tokens') });

    const sender = await SendPage.of(await visit(), ownServer);
    const token = sender.page.getByLabel('Your token');
    await expect(token).toBeVisible();
    await sender.secret.fill('only for some to send');
    await sender.createLink.click();
    await expect(sender.problem).toContainText('Only people with a token can create links here');
    await token.fill('not-one-of-the-tokens');
    await sender.createLink.click();
    await expect(sender.problem).toContainText('this token is not one of theirs');
    await token.fill(TOKEN);
    const { link } = await sender.create();
    expect(await (await SecretPage.ready(await visit(), link)).reveal()).toBe('only for some to send');

    const refused = await ikrypt(['send', '--server', ownServer.origin], { input: 'x' });
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining('--token-file') });
    const shown = await ikrypt(['send', '--server', ownServer.origin, '--token-file', 'token'], { input: 'x', cwd: folder });
    expect(shown.status).toBe(0);
  });
});

test('without tokens nothing is asked for', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  await expect(sender.page.getByLabel('Your token')).toBeHidden();
});

test('an operator counts, burns by the id, and purges a restored backup before the server listens', async ({ visit, ownServer, watch }) => {
  watch.expect(/status of 410/);
  const [abuse, consumed] = [await sent(ownServer, 'abuse'), await sent(ownServer, 'came back')];
  const burned = await operate(ownServer, 'admin', 'burn', idOf(abuse.link));
  expect(burned).toMatchObject({ status: 0, stdout: Buffer.from('state: burned\n') });
  expect((await ikrypt(['open', abuse.link])).stderr).toContain('the sender burned this secret');

  const stats = await operate(ownServer, 'admin', 'stats');
  expect(stats.stdout.toString()).toMatch(/^secrets +1\nbytes +\d+\nsweep lag +0 s\n$/);

  await new Promise((resolve) => setTimeout(resolve, 1100));
  const moment = new Date().toISOString();
  await ownServer.kill();
  const purged = await operate(ownServer, 'admin', 'purge', '--created-before', moment);
  expect(purged.stdout.toString()).toMatch(/^1 secrets that were created before .* are deleted\n$/);
  await ownServer.start();
  await new Promise((resolve) => setTimeout(resolve, 10));
  const reader = await SecretPage.of(await visit(), consumed.link);
  await expect(reader.page.getByRole('heading', { level: 1 })).toContainText('burned');
  const after = await sent(ownServer, 'new');
  expect((await ikrypt(['open', after.link])).stdout.toString()).toBe('new');
});

test('a check names what is wrong, and ends badly only for that', async ({ ownServer }) => {
  const env = { DATABASE_URL: ownServer.store.url, IKRYPT_LOG: 'error', IKRYPT_RATE_LIMIT: 'on' };
  const check = async (more: Record<string, string>) => {
    const { status, stdout } = await run(process.env.IKRYPT_SERVER_BIN!, ['check'], { env: { ...env, ...more } });
    return { status, said: stdout.toString() };
  };
  const fine = await check({ IKRYPT_PUBLIC_URL: ownServer.origin });
  expect(fine.said).toContain('is reachable, and serves the files and pages of this binary');
  expect(fine.said).toMatch(/^ok {7}database .*(SQLite|PostgreSQL) \d+/m);
  expect(fine.said).toMatch(/^ok {7}the database's clock and this machine's agree$/m);
  // The throw-away PostgreSQL has fsync off, and that is found.
  const durable = !/^error/m.test(fine.said);
  expect(fine.status).toBe(durable ? 0 : 1);
  if (!durable) expect(fine.said).toContain('fsync is off');

  const open = await check({ IKRYPT_PUBLIC_URL: 'http://secrets.invalid', IKRYPT_RATE_LIMIT: 'off' });
  expect(open.status).toBe(1);
  for (const error of ['is not https: anyone on the network path', 'this machine cannot resolve the name', 'rate limits are off']) {
    expect(open.said).toMatch(new RegExp(`^error .*${error}`, 'm'));
  }
  const proxied = await check({ IKRYPT_PUBLIC_URL: 'https://localhost:1' });
  expect(proxied.said).toMatch(/^error .*all visitors share one limit/m);
  const nowhere = await check({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' });
  expect(nowhere.said).toMatch(/^error +database postgres:\/\/127.0.0.1\/nothing \(--database-url, DATABASE_URL\): /m);
});

for (const [variable, value, says] of [
  ['IKRYPT_LISTEN', 'everywhere', 'IKRYPT_LISTEN'],
  ['IKRYPT_PUBLIC_URL', 'secrets.example.org', 'IKRYPT_PUBLIC_URL'],
  ['IKRYPT_MAX_VIEWS', '0', 'IKRYPT_MAX_VIEWS'],
  ['IKRYPT_TRUSTED_PROXIES', 'my-proxy', 'IKRYPT_TRUSTED_PROXIES'],
  ['IKRYPT_CREATION_TOKENS_FILE', '/nonexistent', 'IKRYPT_CREATION_TOKENS_FILE'],
  ['IKRYPT_OTLP_ENDPOINT', 'https://collector', 'IKRYPT_OTLP_ENDPOINT'],
  ['DATABASE_URL', 'mysql://x', 'DATABASE_URL'],
  ['IKRYPT_MAX_VEIWS', '3', 'IKRYPT_MAX_VEIWS'],
] as const) {
  test(`a wrong ${variable} is refused at start, in words that name it`, async () => {
    const { status, stdout, stderr } = await run(process.env.IKRYPT_SERVER_BIN!, [], {
      env: { IKRYPT_LISTEN: '127.0.0.1:0', DATABASE_URL: 'sqlite::memory:', [variable]: value },
    });
    expect({ status, stdout: stdout.toString() }).toEqual({ status: expect.any(Number), stdout: '' });
    expect(status).not.toBe(0);
    expect(stderr).toContain(says);
  });
}

test('traces reach a collector, and hold no id, no key and no text', async ({ visit, ownServer }) => {
  const bodies: Buffer[] = [];
  const collector = createServer(async (request, response) => {
    bodies.push(Buffer.concat(await request.toArray()));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => collector.once('listening', resolve));
  await ownServer.restart({ IKRYPT_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}` });
  const { link, receipt } = await sent(ownServer, 'never in a trace');
  expect(await (await SecretPage.ready(await visit(), link)).reveal()).toBe('never in a trace');
  await ikrypt(['burn', '--yes', receipt]);
  // What is left is sent at the end.
  await ownServer.restart({});
  const traces = Buffer.concat(bodies).toString('latin1');
  for (const route of ['/api/v1/create', '/api/v1/open', '/api/v1/reveal', '/api/v1/burn', '/s/{id}']) expect(traces).toContain(route);
  for (const secret of [idOf(link), link.split('#k=')[1]!, receipt.split('#t=')[1]!, 'never in a trace', '127.0.0.1']) {
    expect(traces).not.toContain(secret);
  }
  collector.close();
  collector.closeAllConnections();
});
