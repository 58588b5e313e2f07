import { Buffer } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { listen } from '../support/listen';
import { createSecret, idOf } from '../support/secrets';
import type { Server } from '../support/server';
import { ikrypt, runProgram, withTemporaryFolder } from '../support/programs';
import { expect, test } from '../support/test';

const TOKEN = 'a-token-of-one-of-us';

/** Runs a command of `ikrypt-server` on the database of a server. */
const runCommand = (server: Server, ...args: string[]) =>
  runProgram(process.env.IKRYPT_SERVER_BIN!, args, { env: { DATABASE_URL: server.store.url, IKRYPT_LOG: 'error' } });

test('creating needs a creation token where the operator requires one, and revealing does not', async ({ openPage, ownServer, monitor }) => {
  monitor.allowMessages(/status of 401/);
  await withTemporaryFolder(async (folder) => {
    await writeFile(join(folder, 'tokens'), `# of us\n${TOKEN}\n`);
    await writeFile(join(folder, 'token'), `${TOKEN}\n`);
    await ownServer.restart({ IKRYPT_CREATION_TOKENS_FILE: join(folder, 'tokens') });

    const sender = await SendPage.open(await openPage(), ownServer);
    const token = sender.page.getByLabel('Your token');
    await expect(token).toBeVisible();
    await sender.secret.fill('only for some to send');
    await sender.createLink.click();
    await expect(sender.errorMessage).toContainText('Only people with a token can create links here');
    await token.fill('not-one-of-the-tokens');
    await sender.createLink.click();
    await expect(sender.errorMessage).toContainText('this token is not one of theirs');
    await token.fill(TOKEN);
    const { link } = await sender.create();
    expect(await (await SecretPage.openReady(await openPage(), link)).reveal()).toBe('only for some to send');

    const refused = await ikrypt(['send', '--server', ownServer.origin], { input: 'x' });
    expect(refused).toMatchObject({ status: 2, stderr: expect.stringContaining('--token-file') });
    const accepted = await ikrypt(['send', '--server', ownServer.origin, '--token-file', 'token'], { input: 'x', cwd: folder });
    expect(accepted.status).toBe(0);
  });
});

test('form without required tokens has no token field', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  await expect(sender.page.getByLabel('Your token')).toBeHidden();
});

test('operator reads statistics, burns a secret by id, and purges a restored backup', async ({ openPage, ownServer, monitor }) => {
  monitor.allowMessages(/status of 410/);
  const [abusive, restored] = [await createSecret(ownServer, 'abuse'), await createSecret(ownServer, 'came back')];
  const burned = await runCommand(ownServer, 'admin', 'burn', idOf(abusive.link));
  expect(burned).toMatchObject({ status: 0, stdout: Buffer.from('state: burned\n') });
  expect((await ikrypt(['open', abusive.link])).stderr).toContain('the sender burned this secret');

  const stats = await runCommand(ownServer, 'admin', 'stats');
  expect(stats.stdout.toString()).toMatch(/^secrets +1\nbytes +\d+\nsweep lag +0 s\n$/);

  await new Promise((resolve) => setTimeout(resolve, 1100));
  const restoredAt = new Date().toISOString();
  await ownServer.kill();
  const purged = await runCommand(ownServer, 'admin', 'purge', '--created-before', restoredAt);
  expect(purged.stdout.toString()).toMatch(/^1 secrets that were created before .* are deleted\n$/);
  await ownServer.start();
  await new Promise((resolve) => setTimeout(resolve, 10));
  const recipient = await SecretPage.open(await openPage(), restored.link);
  await expect(recipient.page.getByRole('heading', { level: 1 })).toContainText('burned');
  const after = await createSecret(ownServer, 'new');
  expect((await ikrypt(['open', after.link])).stdout.toString()).toBe('new');
});

test('check command reports problems, and fails only for errors', async ({ ownServer }) => {
  const env = { DATABASE_URL: ownServer.store.url, IKRYPT_LOG: 'error', IKRYPT_RATE_LIMIT: 'on' };
  const check = async (settings: Record<string, string>) => {
    const { status, stdout } = await runProgram(process.env.IKRYPT_SERVER_BIN!, ['check'], { env: { ...env, ...settings } });
    return { status, output: stdout.toString() };
  };
  const good = await check({ IKRYPT_PUBLIC_URL: ownServer.origin });
  expect(good.output).toContain('is reachable, and serves the files and pages of this binary');
  expect(good.output).toMatch(/^ok {7}database .*(SQLite|PostgreSQL) \d+/m);
  expect(good.output).toMatch(/^ok {7}the database's clock and this machine's agree$/m);
  // The throw-away PostgreSQL has fsync off, which the check reports.
  const durable = !/^error/m.test(good.output);
  expect(good.status).toBe(durable ? 0 : 1);
  if (!durable) expect(good.output).toContain('fsync is off');

  const exposed = await check({ IKRYPT_PUBLIC_URL: 'http://secrets.invalid', IKRYPT_RATE_LIMIT: 'off' });
  expect(exposed.status).toBe(1);
  for (const problem of ['is not https: anyone on the network path', 'this machine cannot resolve the name', 'rate limits are off']) {
    expect(exposed.output).toMatch(new RegExp(`^error .*${problem}`, 'm'));
  }
  const proxied = await check({ IKRYPT_PUBLIC_URL: 'https://localhost:1' });
  expect(proxied.output).toMatch(/^error .*all visitors share one limit/m);
  const unreachable = await check({ DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' });
  expect(unreachable.output).toMatch(/^error +database postgres:\/\/127.0.0.1\/nothing \(--database-url, DATABASE_URL\): /m);
});

for (const [variable, value, expected] of [
  ['IKRYPT_LISTEN', 'everywhere', 'IKRYPT_LISTEN'],
  ['IKRYPT_PUBLIC_URL', 'secrets.example.org', 'IKRYPT_PUBLIC_URL'],
  ['IKRYPT_MAX_VIEWS', '0', 'IKRYPT_MAX_VIEWS'],
  ['IKRYPT_TRUSTED_PROXIES', 'my-proxy', 'IKRYPT_TRUSTED_PROXIES'],
  ['IKRYPT_CREATION_TOKENS_FILE', '/nonexistent', 'IKRYPT_CREATION_TOKENS_FILE'],
  ['IKRYPT_OTLP_ENDPOINT', 'https://collector', 'IKRYPT_OTLP_ENDPOINT'],
  ['DATABASE_URL', 'mysql://x', 'DATABASE_URL'],
  ['IKRYPT_MAX_VEIWS', '3', 'IKRYPT_MAX_VEIWS'],
] as const) {
  test(`invalid ${variable} is refused at start with an error that names it`, async () => {
    const { status, stdout, stderr } = await runProgram(process.env.IKRYPT_SERVER_BIN!, [], {
      env: { IKRYPT_LISTEN: '127.0.0.1:0', DATABASE_URL: 'sqlite::memory:', [variable]: value },
    });
    expect({ status, stdout: stdout.toString() }).toEqual({ status: expect.any(Number), stdout: '' });
    expect(status).not.toBe(0);
    expect(stderr).toContain(expected);
  });
}

test('traces reach a collector, and contain no id, key or text', async ({ openPage, ownServer }) => {
  const bodies: Buffer[] = [];
  const collector = createServer(async (request, response) => {
    bodies.push(Buffer.concat(await request.toArray()));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  await ownServer.restart({ IKRYPT_OTLP_ENDPOINT: await listen(collector) });
  const { link, receipt } = await createSecret(ownServer, 'never in a trace');
  expect(await (await SecretPage.openReady(await openPage(), link)).reveal()).toBe('never in a trace');
  await ikrypt(['burn', '--yes', receipt]);
  // A stopping server sends its remaining traces.
  await ownServer.restart({});
  const traces = Buffer.concat(bodies).toString('latin1');
  for (const route of ['/api/v1/create', '/api/v1/open', '/api/v1/reveal', '/api/v1/burn', '/s/{id}']) expect(traces).toContain(route);
  for (const secret of [idOf(link), link.split('#k=')[1]!, receipt.split('#t=')[1]!, 'never in a trace', '127.0.0.1']) {
    expect(traces).not.toContain(secret);
  }
  collector.close();
  collector.closeAllConnections();
});
