import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { Nginx } from '../support/nginx';
import { ikrypt } from '../support/terminal';
import { expect, test } from '../support/test';

const MEBIBYTE = 1024 * 1024;

test('behind nginx, with the example as it stands, everything works', async ({ visit, ownServer, watch }) => {
  const nginx = await Nginx.before(ownServer);
  watch.allow(nginx.origin);
  try {
    await ownServer.restart({ IKRYPT_PUBLIC_URL: nginx.origin, IKRYPT_TRUSTED_PROXIES: '127.0.0.1' });
    const sender = await SendPage.of(await visit(), nginx);
    const blob = randomBytes(MEBIBYTE - 100);
    await sender.addFiles({ name: 'large.bin', mimeType: '', buffer: blob });
    const { link } = await sender.create();
    expect(link.startsWith(`${nginx.origin}/s/`)).toBe(true);
    const reader = await SecretPage.ready(await visit(), link);
    await reader.revealButton.click();
    expect((await reader.save('large.bin')).bytes.equals(blob)).toBe(true);

    // What a gateway has rewritten still opens, and is in nobody's log.
    const { link: second } = await (await SendPage.of(await visit(), nginx)).send('rewritten');
    const rewritten = await SecretPage.of(await visit(), second.replace('#k=', '%23k='));
    expect(await rewritten.reveal()).toBe('rewritten');
    const key = second.split('#k=')[1]!;
    expect(await nginx.log()).not.toContain(key);
    expect(ownServer.log).not.toContain(key);

    expect(await ikrypt(['verify', nginx.origin])).toMatchObject({ status: 0 });
  } finally {
    await nginx.remove();
  }
});

test('behind nginx each visitor has a limit of their own, whatever they say of themselves', async ({ ownServer }) => {
  const nginx = await Nginx.before(ownServer);
  try {
    const open = (headers: Record<string, string> = {}) =>
      fetch(`${nginx.origin}/api/v1/open`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ id: 'AAAAAAAAAAAAAAAA', access: Buffer.alloc(32).toString('base64url') }),
      }).then((answer) => answer.status);
    const limits = { IKRYPT_RATE_LIMIT: 'on', IKRYPT_OPENS_PER_MINUTE: '5' };
    await ownServer.restart({ ...limits, IKRYPT_TRUSTED_PROXIES: '127.0.0.1' });
    const statuses: number[] = [];
    for (let tries = 0; tries < 8; tries++) statuses.push(await open({ 'x-forwarded-for': `203.0.113.${tries}` }));
    expect(statuses).toEqual([404, 404, 404, 404, 404, 429, 429, 429]);
  } finally {
    await nginx.remove();
  }
});
