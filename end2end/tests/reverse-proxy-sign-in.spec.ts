import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ReceiptPage } from '../pages/receipt-page';
import { SecretPage } from '../pages/secret-page';
import { ReverseProxy } from '../support/reverse-proxy';
import { ikrypt, withTemporaryFolder } from '../support/programs';
import { expect, test } from '../support/test';

const PASSPHRASE = 'correct horse';

/** Returns the paths of the table that follows these words in docs/reverse-proxies.md. */
async function documentedPaths(words: string): Promise<string[]> {
  const text = await readFile(join(__dirname, '../../docs/reverse-proxies.md'), 'utf8');
  const table = text.slice(text.indexOf(words)).split('\n\n')[1] ?? '';
  return table.split('\n').flatMap((row) => Array.from((row.split('|')[1] ?? '').matchAll(/`(\/[^`]*)`/g), ([, path]) => path!));
}

test('recipient needs no sign-in if the proxy exempts the documented paths', async ({ openPage, ownServer, monitor }) => {
  const [exempt, protectedPaths] = [await documentedPaths('let these pass without a sign-in'), await documentedPaths('Protect\nthese two')];
  expect(exempt.length).toBeGreaterThan(15);
  expect(protectedPaths).toEqual(['/', '/api/v1/create']);
  const location = (path: string) => `location ${path.endsWith('*') ? path.slice(0, -1) : `= ${path}`} { proxy_pass http://ikrypt; }`;
  const proxy = await ReverseProxy.start(ownServer, 'nginx', (config) => {
    const changed = config.replace('location / {', `${exempt.map(location).join('\n')}\nlocation / { return 401; }\nlocation /unused/ {`);
    expect(changed).not.toBe(config);
    return changed;
  });
  monitor.allowOrigin(proxy.origin);
  try {
    await ownServer.restart({ IKRYPT_PUBLIC_URL: proxy.origin, IKRYPT_TRUSTED_PROXIES: '127.0.0.1' });
    const sent = await withTemporaryFolder(async (folder) => {
      const file = join(folder, 'passphrase');
      await writeFile(file, PASSPHRASE);
      return ikrypt(['send', '--json', '--passphrase-file', file, '--server', ownServer.origin, __filename]);
    });
    expect(sent.status, sent.stderr).toBe(0);
    const { link, receipt } = JSON.parse(sent.stdout.toString().replaceAll(ownServer.origin, proxy.origin)) as { link: string; receipt: string };
    const recipient = await SecretPage.openReady(await openPage(), link);
    await recipient.tryPassphrase(PASSPHRASE);
    expect((await recipient.saveFile(basename(__filename))).bytes.toString()).toBe(await readFile(__filename, 'utf8'));
    const sender = await ReceiptPage.open(await openPage(), receipt);
    await expect(sender.title).toHaveText('Opened, and deleted');

    for (const path of exempt.filter((path) => !path.endsWith('*') && !/\/(open|reveal|receipt|burn)$/.test(path))) {
      expect((await fetch(proxy.origin + path)).status, path).toBe(200);
    }
    // Every link of the recipient's page except the form.
    const html = await (await fetch(`${proxy.origin}/s/aaaaaaaaaaaaaaaa`)).text();
    const links = new Set(Array.from(html.matchAll(/<a [^>]*href="(\/[^"]+)"/g), ([, path]) => path!));
    expect(links.size).toBeGreaterThan(5);
    for (const path of links) {
      expect((await fetch(proxy.origin + path)).status, path).toBe(200);
    }
    expect((await fetch(`${proxy.origin}/`)).status).toBe(401);
    expect((await fetch(`${proxy.origin}/api/v1/create`, { method: 'POST' })).status).toBe(401);
  } finally {
    await proxy.remove();
  }
});
