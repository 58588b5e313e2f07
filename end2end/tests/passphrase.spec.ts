import { ReceiptPage } from '../pages/receipt-page';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { recordApiRequests } from '../support/api-requests';
import { idOf } from '../support/secrets';
import { expect, test } from '../support/test';

// Each attempt computes Argon2id with 64 MiB and three passes.
test.setTimeout(120_000);

test('correct passphrase and Enter reveal the secret', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  await sender.addPassphrase('correct horse battery staple');
  const { link } = await sender.send('protected');
  await expect(sender.page.getByText('It asks for your passphrase.')).toBeVisible();

  const recipient = await SecretPage.openReady(await openPage(), link);
  await recipient.passphrase.fill('correct horse battery staple');
  await recipient.passphrase.press('Enter');
  expect(await recipient.secretText()).toBe('protected');
});

test('missing passphrase is reported at the field, and makes no request', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  await sender.addPassphrase('needed');
  const recipient = await SecretPage.openReady(await openPage(), (await sender.send('protected')).link);
  const apiRequests = recordApiRequests(recipient.page);
  await recipient.revealButton.click();
  await expect(recipient.alert).toHaveText('Enter the passphrase first.');
  expect(apiRequests).toEqual([]);
});

test('composed and decomposed accents give the same passphrase', async ({ openPage, server }) => {
  const [composed, decomposed] = ['caf\u00E9 \u00C5ngstr\u00F6m', 'cafe\u0301 A\u030Angstro\u0308m'];
  expect(composed.normalize('NFD')).toBe(decomposed);
  for (const [chosen, typed] of [[composed, decomposed], [decomposed, composed]] as const) {
    const sender = await SendPage.open(await openPage(), server);
    await sender.addPassphrase(chosen);
    const recipient = await SecretPage.openReady(await openPage(), (await sender.send('accents')).link);
    await recipient.tryPassphrase(typed);
    expect(await recipient.secretText()).toBe('accents');
  }
});

test('five wrong passphrases lock the secret for a while and use no view, and the correct one then reveals it', async ({ openPage, server, monitor }) => {
  monitor.allowMessages(/status of 403/);
  const sender = await SendPage.open(await openPage(), server);
  await sender.addPassphrase('the right one');
  const { link, receipt } = await sender.send('protected');
  const NO_VIEW_USED = { viewsLeft: 1, viewsUsed: 0 };

  const recipient = await SecretPage.openReady(await openPage(), link);
  for (const left of ['4 tries', '3 tries', '2 tries', '1 try']) {
    await recipient.tryPassphrase('a wrong one');
    const message = `This passphrase is wrong. No view was used. ${left} left before a short wait.`;
    await expect(recipient.alert).toHaveText(message, { timeout: 30_000 });
    expect(await server.store.viewCounts(idOf(link))).toEqual(NO_VIEW_USED);
  }
  await recipient.tryPassphrase('a wrong one');
  await expect(recipient.alert).toHaveText('Too many wrong passphrases. No view was used.', { timeout: 30_000 });
  await expect(recipient.page.getByText(/You can try again in \d seconds?\./)).toBeVisible();
  await expect(recipient.revealButton).toBeDisabled();
  expect(await server.store.viewCounts(idOf(link))).toEqual(NO_VIEW_USED);

  await recipient.tryPassphrase('the right one');
  expect(await recipient.secretText()).toBe('protected');
  await expect((await ReceiptPage.open(await openPage(), receipt)).wrongPassphrases).toHaveText('5 wrong passphrases tried.');
});
