import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { formsOf, found } from '../support/forms';
import { fragmentOf, idOf } from '../support/secrets';
import { expect, test } from '../support/test';

const TEXT = 'the plaintext "itself": hunter2, naïve 🔑';
const PASSPHRASE = 'five words "nobody" wöuld guess';

for (const passphrase of [undefined, PASSPHRASE]) {
  const kind = passphrase ? 'with a passphrase' : 'without a passphrase';
  test(`nothing secret crosses the network or is logged, ${kind}`, async ({ visit, server, crossed }) => {
    const people = [await visit(), await visit()] as const;
    // Compressed answers could not be searched.
    for (const page of people) await page.setExtraHTTPHeaders({ 'accept-encoding': 'identity' });

    const sender = await SendPage.of(people[0], crossed);
    if (passphrase) await sender.addPassphrase(passphrase);
    const { link, receipt } = await sender.send(TEXT);
    const reader = await SecretPage.ready(people[1], link);
    if (passphrase) await reader.passphrase.fill(passphrase);
    expect(await reader.reveal()).toBe(TEXT);

    const fragment = fragmentOf(link);
    const token = receipt.split('#t=')[1] ?? '';
    const secrets: Record<string, string | Uint8Array> = {
      plaintext: TEXT,
      'the fragment': fragment,
      'its bytes': Buffer.from(fragment, 'base64url'),
      'the link key': Buffer.from(fragment, 'base64url').subarray(1, 33),
      'the receipt token': token,
      'its own bytes': Buffer.from(token, 'base64url'),
      ...(passphrase && { passphrase }),
    };
    const everything = crossed.bytes();
    for (const seen of ['POST /api/v1/create', 'POST /api/v1/open', 'POST /api/v1/reveal', `/s/${idOf(link)}`, '</html>']) {
      expect(everything.includes(seen), `${seen} was seen`).toBe(true);
    }
    expect(everything.includes('content-encoding'), 'nothing was compressed').toBe(false);
    expect(found(everything, secrets)).toEqual([]);
    expect(server.log).toContain('/api/v1/reveal');
    expect(found(Buffer.from(server.log), { ...secrets, id: idOf(link) })).toEqual([]);
  });
}

test('a secret would be found in any of its forms', () => {
  const secret = Uint8Array.from({ length: 32 }, (_, index) => index * 7);
  for (const offset of [0, 1, 2, 3]) {
    const around = Buffer.concat([Buffer.alloc(offset, 'x'), secret, Buffer.from('tail')]);
    for (const form of [around, ...(['hex', 'base64', 'base64url'] as const).map((how) => around.toString(how))]) {
      expect(found(Buffer.from(form as string), { secret }), `${form.toString()} at ${offset}`).toEqual(['secret']);
    }
  }
  expect(formsOf('a "b" ö').map(String)).toContain('a%20%22b%22%20%C3%B6');
  expect(found(Buffer.from('nothing here'), { secret })).toEqual([]);
});
