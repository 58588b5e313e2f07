import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { ikrypt, python, runProgram, schemathesis, withTemporaryFolder } from '../support/programs';
import { expect, test } from '../support/test';
import type { Server } from '../support/server';
import type { Page } from '@playwright/test';

/** Returns an example from the page. */
async function example(page: Page, { origin }: Server, name: 'curl' | 'Python'): Promise<string> {
  await page.goto(`${origin}/docs/api`);
  return page.getByRole('region', { name: `Example for ${name}` }).innerText();
}

test('curl example on the page runs unchanged', async ({ openPage, ownServer }) => {
  const script = await example(await openPage(), ownServer, 'curl');
  const { status, stdout, stderr } = await runProgram('sh', ['-e', '-c', script], { env: { IKRYPT_SERVER: ownServer.origin } });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [created, opened, revealed, receipt, burned] = stdout.toString().trim().split('\n').map((line) => JSON.parse(line));
  expect(created).toEqual({ id: expect.stringMatching(/^[\w-]{16}$/), created_at: expect.any(String), expires_at: expect.any(String) });
  expect(opened).toMatchObject({ max_views: 100, views_left: 100, envelope: expect.any(String) });
  expect(revealed).toMatchObject({ views_left: 99, share: expect.any(String) });
  expect(receipt).toMatchObject({ state: 'live', viewed_at: [expect.any(String)] });
  expect(burned).toMatchObject({ state: 'burned' });
});

test('Python client is compatible with page and terminal in both directions', async ({ openPage, server }) => {
  await withTemporaryFolder(async (folder) => {
    const client = join(folder, 'ikrypt.py');
    await writeFile(client, await example(await openPage(), server, 'Python'));
    const env = { IKRYPT_PASSPHRASE: 'ein  Wörtchen' };

    const sender = await SendPage.open(await openPage(), server);
    await sender.addPassphrase(env.IKRYPT_PASSPHRASE);
    const linkFromPage = (await sender.send('from the page\n')).link;
    expect((await python([client, 'open', linkFromPage], { env })).stdout.toString()).toBe('from the page\n');

    const sentFromTerminal = await ikrypt(['send', '--server', server.origin, client], { cwd: folder });
    const link = sentFromTerminal.stdout.toString().trim();
    const saved = await python([client, 'open', link], { cwd: folder });
    expect(saved).toMatchObject({ status: 0, stderr: expect.stringMatching(/^ikrypt\.py \(\d+ bytes\)\nsaved ikrypt-files\/ikrypt\.py\n$/) });
    expect(await readFile(join(folder, 'ikrypt-files/ikrypt.py'), 'utf8')).toBe(await readFile(client, 'utf8'));

    const [shared, receipt] = (await python([client, 'send', server.origin], { env, input: 'from Python\r\n' })).stdout.toString().trim().split('\n') as [string, string];
    const recipient = await SecretPage.openReady(await openPage(), shared);
    await recipient.passphrase.fill(env.IKRYPT_PASSPHRASE);
    expect(await recipient.reveal()).toBe('from Python\r\n');
    expect(JSON.parse((await python([client, 'receipt', receipt])).stdout.toString())).toMatchObject({ state: 'viewed' });

    const files = (await python([client, 'send', server.origin, client])).stdout.toString().split('\n')[0]!;
    const back = await ikrypt(['open', files]);
    expect(back.stdout.toString()).toBe(await readFile(client, 'utf8'));
  });
});

test('Python client passes its unit tests', async () => {
  const { status, stderr } = await python(['-m', 'unittest', 'discover', '-s', join(__dirname, '../../docs/api')], { env: { PYTHONDONTWRITEBYTECODE: '1' } });
  expect(status, stderr).toBe(0);
});

test('server conforms to its OpenAPI description, as schemathesis checks', async ({ ownServer }) => {
  test.setTimeout(300_000);
  const hooks = join(__dirname, '../support/schemathesis_hooks.py');
  await withTemporaryFolder(async (folder) => {
    const { status, stdout, stderr } = await schemathesis(
      ['--config-file', join(__dirname, '../schemathesis.toml'), 'run', `${ownServer.origin}/api/v1/openapi.json`, '--checks', 'all', '--max-examples', '60', '--workers', '2', '--no-color'],
      { cwd: folder, env: { SCHEMATHESIS_HOOKS: hooks } },
    );
    expect(status, stdout.toString() + stderr).toBe(0);
  });
});
