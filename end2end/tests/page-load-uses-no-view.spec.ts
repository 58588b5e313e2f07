import { SecretPage } from '../pages/secret-page';
import { recordApiRequests } from '../support/api-requests';
import { idOf, createSecret } from '../support/secrets';
import { expect, test } from '../support/test';

const NO_VIEW_USED = { viewsLeft: 1, viewsUsed: 0 };

test('loading and reloading a link uses no view', async ({ openPage, server }) => {
  const { link } = await createSecret(server, 'loaded');
  const recipient = await SecretPage.openReady(await openPage(), link);
  for (let reloads = 0; reloads < 5; reloads++) {
    await recipient.page.reload();
    await expect(recipient.revealButton).toBeEnabled();
  }
  expect(await server.store.viewCounts(idOf(link))).toEqual(NO_VIEW_USED);
  expect(await recipient.reveal()).toBe('loaded');
});

test('scanner that requests a link with HEAD and GET uses no view', async ({ server }) => {
  const { link } = await createSecret(server, 'scanned');
  for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) {
    const response = await fetch(link, { method });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-robots-tag')).toContain('noindex');
  }
  expect(await server.store.viewCounts(idOf(link))).toEqual(NO_VIEW_USED);
});

test('click dispatched by a script reveals nothing', async ({ openPage, server }) => {
  const { link } = await createSecret(server, 'clicked by a script');
  const recipient = await SecretPage.openReady(await openPage(), link);
  const apiRequests = recordApiRequests(recipient.page);
  await recipient.revealButton.evaluate((button: HTMLElement) => {
    button.click();
    for (const type of ['pointerdown', 'mousedown', 'pointerup', 'mouseup', 'click']) {
      button.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true, composed: true }));
    }
    button.focus();
    for (const key of ['Enter', ' ']) {
      button.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      button.dispatchEvent(new KeyboardEvent('keyup', { key, bubbles: true, cancelable: true }));
    }
  });
  await recipient.page.waitForTimeout(500);
  expect(apiRequests).toEqual([]);
  await expect(recipient.revealButton).toBeEnabled();
  expect(await server.store.viewCounts(idOf(link))).toEqual(NO_VIEW_USED);
  expect(await recipient.reveal()).toBe('clicked by a script');
});

test('page is identical for every id, and a preview shows nothing about the secret', async ({ server }) => {
  const { link } = await createSecret(server, 'previewed');
  const page = async (path: string) => {
    const html = await (await fetch(`${server.origin}${path}`)).text();
    return html.replace(/nonce="[^"]*"/g, '');
  };
  const existing = await page(`/s/${idOf(link)}`);
  expect(existing).toBe(await page('/s/AAAAAAAAAAAAAAAA'));
  expect(existing).toContain('<title>Somebody sent you a secret</title>');
});
