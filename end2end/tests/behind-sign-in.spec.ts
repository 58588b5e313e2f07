import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReceiptPage } from '../pages/receipt';
import { SecretPage } from '../pages/secret';
import { ReverseProxy } from '../support/reverse-proxy';
import { ikrypt, inFolder } from '../support/terminal';
import { expect, test } from '../support/test';

const PASSPHRASE = 'correct horse';

/** The paths of a table in docs/reverse-proxies.md, by the words before it. */
async function documented(words: string): Promise<string[]> {
  const text = await readFile(join(__dirname, '../../docs/reverse-proxies.md'), 'utf8');
  const table = text.slice(text.indexOf(words)).split('\n\n')[1] ?? '';
  return table.split('\n').flatMap((row) => Array.from((row.split('|')[1] ?? '').matchAll(/`(\/[^`]*)`/g), ([, path]) => path!));
}

test('recipients get through a proxy that lets only the documented paths pass without a sign-in', async ({ visit, ownServer, watch }) => {
  const [open, closed] = [await documented('let these pass without a sign-in'), await documented('Protect\nthese two')];
  expect(open.length).toBeGreaterThan(15);
  expect(closed).toEqual(['/', '/api/v1/create']);
  const location = (path: string) => `location ${path.endsWith('*') ? path.slice(0, -1) : `= ${path}`} { proxy_pass http://ikrypt; }`;
  const proxy = await ReverseProxy.before(ownServer, 'nginx', (config) => {
    const changed = config.replace('location / {', `${open.map(location).join('\n')}\nlocation / { return 401; }\nlocation /unused/ {`);
    expect(changed).not.toBe(config);
    return changed;
  });
  watch.allow(proxy.origin);
  try {
    await ownServer.restart({ IKRYPT_PUBLIC_URL: proxy.origin, IKRYPT_TRUSTED_PROXIES: '127.0.0.1' });
    const sent = await inFolder(async (folder) => {
      const file = join(folder, 'passphrase');
      await writeFile(file, PASSPHRASE);
      return ikrypt(['send', '--json', '--passphrase-file', file, '--server', ownServer.origin, __filename]);
    });
    expect(sent.status, sent.stderr).toBe(0);
    const { link, receipt } = JSON.parse(sent.stdout.toString().replaceAll(ownServer.origin, proxy.origin)) as { link: string; receipt: string };
    const reader = await SecretPage.ready(await visit(), link);
    await reader.try(PASSPHRASE);
    expect((await reader.save('behind-sign-in.spec.ts')).bytes.toString()).toBe(await readFile(__filename, 'utf8'));
    const sender = await ReceiptPage.of(await visit(), receipt);
    await expect(sender.title).toHaveText('Opened, and deleted');

    for (const path of open.filter((path) => !path.endsWith('*') && !/\/(open|reveal|receipt|burn)$/.test(path))) {
      expect((await fetch(proxy.origin + path)).status, path).toBe(200);
    }
    // Whatever a recipient's page links to, but the form.
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
