import { ReceiptPage } from '../pages/receipt';
import { SecretPage } from '../pages/secret';
import { calls } from '../support/calls';
import { found } from '../support/forms';
import { fragmentOf, idOf, sent } from '../support/secrets';
import { expect, test } from '../support/test';

/** Another character of the same alphabet in one place. */
function changed(text: string, at: number): string {
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

test('one changed character makes a damaged link, and the server is asked nothing', async ({ visit, server }) => {
  const { link } = await sent(server, 'whole');
  const [before, fragment] = [link.split('#k=')[0] ?? '', fragmentOf(link)];
  const id = idOf(link);
  const damaged = [
    ...[0, 1, 20, 44, 47].map((at) => `${before}#k=${changed(fragment, at)}`),
    link.replace(id, changed(id, 3)),
    link.slice(0, -3),
  ];
  const page = await visit();
  const asked = calls(page);
  for (const wrong of damaged) {
    await page.goto('about:blank');
    const reader = await SecretPage.of(page, wrong);
    await expect(reader.title).toHaveText('This link is damaged');
    await expect(reader.alert).toContainText('Nothing was opened, and nothing was asked of the server.');
    await expect(reader.alert).toContainText('ask the sender for it again');
  }
  expect(asked).toEqual([]);
  expect(await server.store.rows(id)).toEqual({ viewsLeft: 1, viewsUsed: 0 });
});

test('without its key a link is told so, and the server is asked nothing', async ({ visit, server }) => {
  const { link } = await sent(server, 'whole');
  const page = await visit();
  const asked = calls(page);
  const reader = await SecretPage.of(page, link.replace(/#.*/, ''));
  await expect(reader.title).toHaveText('The part after # is missing');
  await expect(reader.alert).toContainText('Ask the sender to send you the whole link again');
  expect(asked).toEqual([]);
});

test('a link to a secret that never was is told so', async ({ visit, server, ownServer, watch }) => {
  watch.expect(/status of 404/);
  const { link } = await sent(ownServer, 'on another server');
  const reader = await SecretPage.of(await visit(), link.replace(ownServer.origin, server.origin));
  await expect(reader.title).toHaveText('There is no secret here');
  await expect(reader.alert).toContainText('It may never have existed');
});

for (const rewritten of ['%23', '%2523']) {
  test(`a link with ${rewritten} for # opens with a warning, and its key stays nowhere`, async ({ visit, server }) => {
    const { link } = await sent(server, 'rewritten on the way');
    const reader = await SecretPage.ready(await visit(), link.replace('#', rewritten));
    await expect(reader.status.first()).toContainText('showed the key to the server');
    await expect(reader.status.first()).toContainText('Tell the sender');
    expect(new URL(reader.page.url()).pathname).toBe(`/s/${idOf(link)}`);
    expect(await reader.reveal()).toBe('rewritten on the way');
    expect(reader.page.url()).toBe(`${server.origin}/s/${idOf(link)}`);
    const secrets = { fragment: fragmentOf(link), key: Buffer.from(fragmentOf(link), 'base64url').subarray(1, 33) };
    expect(found(Buffer.from(server.log), { ...secrets, id: idOf(link) })).toEqual([]);
  });
}

for (const ending of ['.', ')', '>', '&fbclid=x', '%E2%80%8B']) {
  test(`a link with ${ending} behind it opens`, async ({ visit, server }) => {
    const { link } = await sent(server, 'decorated');
    const reader = await SecretPage.ready(await visit(), link + ending);
    expect(await reader.reveal()).toBe('decorated');
  });
}

for (const hash of ['/#', '//#', '%2F#', '/?utm_source=mail#', '/%23', '%23']) {
  test(`links with ${hash} for #, and a slash behind them, open`, async ({ visit, server }) => {
    const { link, receipt } = await sent(server, 'with slashes');
    const reader = await SecretPage.ready(await visit(), `${link.replace('#', hash)}/`);
    expect(new URL(reader.page.url()).pathname).toBe(`/s/${idOf(link)}`);
    expect(await reader.reveal()).toBe('with slashes');
    const sender = await ReceiptPage.of(await visit(), `${receipt.replace('#', hash)}/`);
    await expect(sender.title).toHaveText('Opened, and deleted');
  });
}

test('the whole link opens in the tab where a part of it did not', async ({ visit, server }) => {
  const { link } = await sent(server, 'at the second try');
  const reader = await SecretPage.of(await visit(), link.slice(0, -5));
  await expect(reader.title).toHaveText('This link is damaged');
  await reader.page.goto(link);
  await expect(reader.revealButton).toBeEnabled();
  expect(await reader.reveal()).toBe('at the second try');
});
