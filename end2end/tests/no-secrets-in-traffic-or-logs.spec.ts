import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { encodingsOf, findSecrets } from '../support/encodings';
import { fragmentOf, idOf } from '../support/secrets';
import { expect, test } from '../support/test';

const TEXT = 'the plaintext "itself": hunter2, naïve 🔑';
const PASSPHRASE = 'five words "nobody" wöuld guess';

for (const passphrase of [undefined, PASSPHRASE]) {
  const kind = passphrase ? 'with a passphrase' : 'without a passphrase';
  test(`traffic and logs contain no secret ${kind}`, async ({ openPage, server, recorder }) => {
    const pages = [await openPage(), await openPage()] as const;
    // Compressed responses cannot be searched.
    for (const page of pages) await page.setExtraHTTPHeaders({ 'accept-encoding': 'identity' });

    const sender = await SendPage.open(pages[0], recorder);
    if (passphrase) await sender.addPassphrase(passphrase);
    const { link, receipt } = await sender.send(TEXT);
    const recipient = await SecretPage.openReady(pages[1], link);
    if (passphrase) await recipient.passphrase.fill(passphrase);
    expect(await recipient.reveal()).toBe(TEXT);

    const fragment = fragmentOf(link);
    const token = receipt.split('#t=')[1] ?? '';
    const secrets: Record<string, string | Uint8Array> = {
      plaintext: TEXT,
      'the fragment': fragment,
      'the bytes of the fragment': Buffer.from(fragment, 'base64url'),
      'the link key': Buffer.from(fragment, 'base64url').subarray(1, 33),
      'the receipt token': token,
      'the bytes of the receipt token': Buffer.from(token, 'base64url'),
      ...(passphrase && { passphrase }),
    };
    const traffic = recorder.bytes();
    for (const expected of ['POST /api/v1/create', 'POST /api/v1/open', 'POST /api/v1/reveal', `/s/${idOf(link)}`, '</html>']) {
      expect(traffic.includes(expected), `traffic contains ${expected}`).toBe(true);
    }
    expect(traffic.includes('content-encoding'), 'no response is compressed').toBe(false);
    expect(findSecrets(traffic, secrets)).toEqual([]);
    expect(server.log).toContain('/api/v1/reveal');
    expect(findSecrets(Buffer.from(server.log), { ...secrets, id: idOf(link) })).toEqual([]);
  });
}

test('findSecrets finds a secret in every encoding', () => {
  const secret = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
  for (const offset of [0, 1, 2, 3]) {
    const surrounded = Buffer.concat([Buffer.alloc(offset, 'x'), secret, Buffer.from('tail')]);
    for (const form of [surrounded, ...(['hex', 'base64', 'base64url'] as const).map((encoding) => surrounded.toString(encoding))]) {
      expect(findSecrets(Buffer.from(form as string), { secret }), `${form.toString()} at ${offset}`).toEqual(['secret']);
    }
  }
  expect(encodingsOf('a "b" ö').map(String)).toContain('a%20%22b%22%20%C3%B6');
  expect(findSecrets(Buffer.from('nothing here'), { secret })).toEqual([]);
});
