import { ReceiptPage } from '../pages/receipt-page';
import { SecretPage } from '../pages/secret-page';
import { recordApiRequests } from '../support/api-requests';
import { findSecrets } from '../support/encodings';
import { fragmentOf, idOf, createSecret } from '../support/secrets';
import { expect, test } from '../support/test';

/** Replaces the character at a position with another one of the alphabet. */
function changeCharacter(text: string, at: number): string {
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

test('link with one changed character is damaged, and makes no request', async ({ openPage, server }) => {
  const { link } = await createSecret(server, 'whole');
  const [prefix, fragment] = [link.split('#k=')[0] ?? '', fragmentOf(link)];
  const id = idOf(link);
  const damaged = [
    ...[0, 1, 20, 44, 47].map((at) => `${prefix}#k=${changeCharacter(fragment, at)}`),
    link.replace(id, changeCharacter(id, 3)),
    link.slice(0, -3),
  ];
  const page = await openPage();
  const apiRequests = recordApiRequests(page);
  for (const damagedLink of damaged) {
    await page.goto('about:blank');
    const recipient = await SecretPage.open(page, damagedLink);
    await expect(recipient.title).toHaveText('This link is damaged');
    await expect(recipient.alert).toContainText('Nothing was opened, and nothing was asked of the server.');
    await expect(recipient.alert).toContainText('ask the sender for it again');
  }
  expect(apiRequests).toEqual([]);
  expect(await server.store.viewCounts(id)).toEqual({ viewsLeft: 1, viewsUsed: 0 });
});

test('link without its key is reported, and makes no request', async ({ openPage, server }) => {
  const { link } = await createSecret(server, 'whole');
  const page = await openPage();
  const apiRequests = recordApiRequests(page);
  const recipient = await SecretPage.open(page, link.replace(/#.*/, ''));
  await expect(recipient.title).toHaveText('The part after # is missing');
  await expect(recipient.alert).toContainText('Ask the sender to send you the whole link again');
  expect(apiRequests).toEqual([]);
});

test('link to a secret that never existed is reported', async ({ openPage, server, ownServer, monitor }) => {
  monitor.allowMessages(/status of 404/);
  const { link } = await createSecret(ownServer, 'on another server');
  const recipient = await SecretPage.open(await openPage(), link.replace(ownServer.origin, server.origin));
  await expect(recipient.title).toHaveText('There is no secret here');
  await expect(recipient.alert).toContainText('It may never have existed');
});

for (const rewritten of ['%23', '%2523']) {
  test(`link with ${rewritten} for # opens with a warning, and its key is not logged`, async ({ openPage, server }) => {
    const { link } = await createSecret(server, 'rewritten on the way');
    const recipient = await SecretPage.openReady(await openPage(), link.replace('#', rewritten));
    await expect(recipient.status.first()).toContainText('showed the key to the server');
    await expect(recipient.status.first()).toContainText('Tell the sender');
    expect(new URL(recipient.page.url()).pathname).toBe(`/s/${idOf(link)}`);
    expect(await recipient.reveal()).toBe('rewritten on the way');
    expect(recipient.page.url()).toBe(`${server.origin}/s/${idOf(link)}`);
    const secrets = { fragment: fragmentOf(link), key: Buffer.from(fragmentOf(link), 'base64url').subarray(1, 33) };
    expect(findSecrets(Buffer.from(server.log), { ...secrets, id: idOf(link) })).toEqual([]);
  });
}

for (const ending of ['.', ')', '>', '&fbclid=x', '%E2%80%8B']) {
  test(`link with ${ending} appended opens`, async ({ openPage, server }) => {
    const { link } = await createSecret(server, 'decorated');
    const recipient = await SecretPage.openReady(await openPage(), link + ending);
    expect(await recipient.reveal()).toBe('decorated');
  });
}

for (const hash of ['/#', '//#', '%2F#', '/?utm_source=mail#', '/%23', '%23']) {
  test(`links with ${hash} for # and a slash appended open`, async ({ openPage, server }) => {
    const { link, receipt } = await createSecret(server, 'with slashes');
    const recipient = await SecretPage.openReady(await openPage(), `${link.replace('#', hash)}/`);
    expect(new URL(recipient.page.url()).pathname).toBe(`/s/${idOf(link)}`);
    expect(await recipient.reveal()).toBe('with slashes');
    const sender = await ReceiptPage.open(await openPage(), `${receipt.replace('#', hash)}/`);
    await expect(sender.title).toHaveText('Opened, and deleted');
  });
}

test('complete link opens in the tab in which a truncated link failed', async ({ openPage, server }) => {
  const { link } = await createSecret(server, 'at the second try');
  const recipient = await SecretPage.open(await openPage(), link.slice(0, -5));
  await expect(recipient.title).toHaveText('This link is damaged');
  await recipient.page.goto(link);
  await expect(recipient.revealButton).toBeEnabled();
  expect(await recipient.reveal()).toBe('at the second try');
});
