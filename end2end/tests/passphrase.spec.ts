import { ReceiptPage } from '../pages/receipt';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { calls } from '../support/calls';
import { idOf } from '../support/secrets';
import { expect, test } from '../support/test';

// Each try is 64 MiB and three passes of Argon2id.
test.setTimeout(120_000);

test('the right passphrase and Enter open', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  await sender.addPassphrase('correct horse battery staple');
  const { link } = await sender.send('guarded');
  await expect(sender.page.getByText('It asks for your passphrase.')).toBeVisible();

  const reader = await SecretPage.ready(await visit(), link);
  await reader.passphrase.fill('correct horse battery staple');
  await reader.passphrase.press('Enter');
  expect(await reader.text()).toBe('guarded');
});

test('no passphrase is said at the field, and asks the server nothing', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  await sender.addPassphrase('needed');
  const reader = await SecretPage.ready(await visit(), (await sender.send('guarded')).link);
  const asked = calls(reader.page);
  await reader.revealButton.click();
  await expect(reader.alert).toHaveText('Enter the passphrase first.');
  expect(asked).toEqual([]);
});

test('a passphrase is the same whether its accents are composed or not', async ({ visit, server }) => {
  const [composed, apart] = ['caf\u00E9 \u00C5ngstr\u00F6m', 'cafe\u0301 A\u030Angstro\u0308m'];
  expect(composed.normalize('NFD')).toBe(apart);
  for (const [written, typed] of [[composed, apart], [apart, composed]] as const) {
    const sender = await SendPage.of(await visit(), server);
    await sender.addPassphrase(written);
    const reader = await SecretPage.ready(await visit(), (await sender.send('accents')).link);
    await reader.try(typed);
    expect(await reader.text()).toBe('accents');
  }
});

test('five wrong passphrases lock for a while, use no view, and then the right one opens', async ({ visit, server, watch }) => {
  watch.expect(/status of 403/);
  const sender = await SendPage.of(await visit(), server);
  await sender.addPassphrase('the right one');
  const { link, receipt } = await sender.send('guarded');
  const untouched = { viewsLeft: 1, viewsUsed: 0 };

  const reader = await SecretPage.ready(await visit(), link);
  for (const left of ['4 tries', '3 tries', '2 tries', '1 try']) {
    await reader.try('a wrong one');
    const said = `This passphrase is wrong. No view was used. ${left} left before a short wait.`;
    await expect(reader.alert).toHaveText(said, { timeout: 30_000 });
    expect(await server.store.rows(idOf(link))).toEqual(untouched);
  }
  await reader.try('a wrong one');
  await expect(reader.alert).toHaveText('Too many wrong passphrases. No view was used.', { timeout: 30_000 });
  await expect(reader.page.getByText(/You can try again in \d seconds?\./)).toBeVisible();
  await expect(reader.revealButton).toBeDisabled();
  expect(await server.store.rows(idOf(link))).toEqual(untouched);

  await reader.try('the right one');
  expect(await reader.text()).toBe('guarded');
  await expect((await ReceiptPage.of(await visit(), receipt)).wrongPassphrases).toHaveText('5 wrong passphrases tried.');
});
