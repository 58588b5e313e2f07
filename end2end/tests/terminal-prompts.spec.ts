import { sendFromTerminal } from '../support/cli';
import { ikrypt, ikryptInTerminal } from '../support/programs';
import { expect, test } from '../support/test';

test('terminal prompts for the secret, for a confirmation, and for the passphrase until it is correct', async ({ server }) => {
  const env = { IKRYPT_SERVER: server.origin };
  const sent = await ikryptInTerminal(['send', '--passphrase'], [['Secret', 'typed\u200B text'], ['Passphrase', 'right'], ['Once more', 'right']], env);
  expect(sent.status, sent.stdout.toString()).toBe(0);
  const link = /http:\S+\/s\/\S+/.exec(sent.stdout.toString())?.[0] ?? '';
  expect(sent.stdout.toString()).not.toContain('right');

  const declined = await ikryptInTerminal(['open', link], [['[y/N]', 'n']]);
  expect({ status: declined.status, output: declined.stdout.toString() }).toMatchObject({ status: 1, output: expect.stringContaining('no view was used') });
  const confirmed = await ikryptInTerminal(['open'], [['Link', link], ['[y/N]', 'y'], ['Passphrase', 'wrong'], ['Passphrase', 'right']]);
  expect({ status: confirmed.status, output: confirmed.stdout.toString() }).toMatchObject({ status: 0, output: expect.stringContaining('4 tries left') });
  expect(confirmed.stdout.toString()).toContain('typed\u200B text');
  expect((await ikrypt(['open', link])).status).toBe(3);
});

test('Ctrl-C at a hidden prompt ends the program and restores the echo', async ({ server }) => {
  const { status, stdout } = await ikryptInTerminal(['send'], [['Secret', 'half a sec\x03']], { IKRYPT_SERVER: server.origin });
  expect({ status, output: stdout.toString() }).toMatchObject({ status: 254 /* SIGINT */, output: expect.not.stringContaining('half') });
});

test('control characters are shown as symbols in a terminal', async ({ server }) => {
  const { link } = await sendFromTerminal(server, [], { input: 'a\x1b[2Jb\r\n' });
  const shown = (await ikryptInTerminal(['open', '--yes', link], [])).stdout.toString();
  expect(shown).toContain('a\u241B[2Jb');
  expect(shown).not.toContain('\x1b[2Jb');
});
