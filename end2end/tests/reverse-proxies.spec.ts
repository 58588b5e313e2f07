import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { ReverseProxy, hasIpv6, type ReverseProxyKind } from '../support/reverse-proxy';
import { ikrypt, runProgram, withTemporaryFolder } from '../support/programs';
import { expect, test } from '../support/test';

const MEBIBYTE = 1024 * 1024;

test('nginx example passes pages, large files, rewritten links and verification', async ({ openPage, ownServer, monitor }) => {
  const nginx = await ReverseProxy.start(ownServer, 'nginx');
  monitor.allowOrigin(nginx.origin);
  try {
    await ownServer.restart({ IKRYPT_PUBLIC_URL: nginx.origin, IKRYPT_TRUSTED_PROXIES: '127.0.0.1' });
    const sender = await SendPage.open(await openPage(), nginx);
    const blob = randomBytes(MEBIBYTE - 100);
    await sender.addFiles({ name: 'large.bin', mimeType: '', buffer: blob });
    const { link } = await sender.create();
    expect(link.startsWith(`${nginx.origin}/s/`)).toBe(true);
    const recipient = await SecretPage.openReady(await openPage(), link);
    await recipient.revealButton.click();
    expect((await recipient.saveFile('large.bin')).bytes.equals(blob)).toBe(true);

    // A link that a mail gateway has rewritten opens, and its key is in no log.
    const { link: second } = await (await SendPage.open(await openPage(), nginx)).send('rewritten');
    const rewritten = await SecretPage.open(await openPage(), second.replace('#k=', '%23k='));
    expect(await rewritten.reveal()).toBe('rewritten');
    const key = second.split('#k=')[1]!;
    expect(await nginx.log()).not.toContain(key);
    expect(ownServer.log).not.toContain(key);

    expect(await ikrypt(['verify', nginx.origin])).toMatchObject({ status: 0 });
  } finally {
    await nginx.remove();
  }
});

/** Returns body, status and media type of the response to a `create` of this size. curl sends `Expect: 100-continue`, as `ikrypt` does. */
async function createWithBodyOf(origin: string, bytes: number): Promise<string> {
  return withTemporaryFolder(async (folder) => {
    const body = join(folder, 'body');
    await writeFile(body, Buffer.alloc(bytes, ' '));
    const format = ' %{http_code} %{content_type}';
    const result = await runProgram('curl', ['--silent', '--globoff', '--noproxy', '*', '--write-out', format, '--header', 'content-type: application/json', '--data-binary', `@${body}`, `${origin}/api/v1/create`]);
    return result.stdout.toString();
  });
}

for (const kind of ['nginx', 'caddy', 'haproxy'] satisfies ReverseProxyKind[]) {
  test(`${kind} example passes pages and secrets over IPv4 and IPv6, and refuses a large body with the reason`, async ({ ownServer }) => {
    const proxy = await ReverseProxy.start(ownServer, kind);
    try {
      await ownServer.restart({ IKRYPT_TRUSTED_PROXIES: '127.0.0.1' });
      // The proxy passes on the files and headers of this build.
      expect(await ikrypt(['verify', proxy.origin])).toMatchObject({ status: 0 });
      for (const origin of hasIpv6 ? [proxy.origin, proxy.origin6] : [proxy.origin]) {
        const sent = await ikrypt(['send', '--server', origin], { input: `through ${kind}` });
        expect(sent.status, sent.stderr).toBe(0);
        const opened = await ikrypt(['open', sent.stdout.toString().trim()]);
        expect(opened.stdout.toString(), opened.stderr).toBe(`through ${kind}`);
        // A page of this origin may call the API: the server compares it with `Host`.
        const page = await fetch(`${origin}/api/v1/open`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', origin },
          body: JSON.stringify({ id: 'AAAAAAAAAAAAAAAA', access: Buffer.alloc(32).toString('base64url') }),
        });
        expect(page.status).toBe(404);
        // The server refuses the first body, and the proxy the second.
        for (const bytes of [1_900_000, 8_000_000]) {
          expect(await createWithBodyOf(origin, bytes), `${bytes} bytes`).toBe('{"error":"too_large"} 413 application/json');
        }
      }
    } finally {
      await proxy.remove();
    }
  });

  test(`${kind} example gives each client its own rate limit despite forged X-Forwarded-For`, async ({ ownServer }) => {
    const proxy = await ReverseProxy.start(ownServer, kind);
    try {
      const open = (headers: Record<string, string> = {}) =>
        fetch(`${proxy.origin}/api/v1/open`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', ...headers },
          body: JSON.stringify({ id: 'AAAAAAAAAAAAAAAA', access: Buffer.alloc(32).toString('base64url') }),
        }).then((response) => response.status);
      const limits = { IKRYPT_RATE_LIMIT: 'on', IKRYPT_OPENS_PER_MINUTE: '5' };
      await ownServer.restart({ ...limits, IKRYPT_TRUSTED_PROXIES: '127.0.0.1' });
      const statuses: number[] = [];
      for (let tries = 0; tries < 8; tries++) statuses.push(await open({ 'x-forwarded-for': `203.0.113.${tries}` }));
      expect(statuses).toEqual([404, 404, 404, 404, 404, 429, 429, 429]);
    } finally {
      await proxy.remove();
    }
  });
}
