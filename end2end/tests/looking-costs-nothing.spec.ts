import { SecretPage } from '../pages/secret';
import { calls } from '../support/calls';
import { idOf, sent } from '../support/secrets';
import { expect, test } from '../support/test';

const untouched = { viewsLeft: 1, viewsUsed: 0 };

test('loading and reloading uses no view', async ({ visit, server }) => {
  const { link } = await sent(server, 'looked at');
  const reader = await SecretPage.ready(await visit(), link);
  for (let reloads = 0; reloads < 5; reloads++) {
    await reader.page.reload();
    await expect(reader.revealButton).toBeEnabled();
  }
  expect(await server.store.rows(idOf(link))).toEqual(untouched);
  expect(await reader.reveal()).toBe('looked at');
});

test('a scanner that asks for the page with HEAD and GET uses no view', async ({ server }) => {
  const { link } = await sent(server, 'scanned');
  for (const method of ['HEAD', 'GET', 'HEAD', 'GET']) {
    const response = await fetch(link, { method });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-robots-tag')).toContain('noindex');
  }
  expect(await server.store.rows(idOf(link))).toEqual(untouched);
});

test('a click that a script makes opens nothing', async ({ visit, server }) => {
  const { link } = await sent(server, 'clicked by a script');
  const reader = await SecretPage.ready(await visit(), link);
  const asked = calls(reader.page);
  await reader.revealButton.evaluate((button: HTMLElement) => {
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
  await reader.page.waitForTimeout(500);
  expect(asked).toEqual([]);
  await expect(reader.revealButton).toBeEnabled();
  expect(await server.store.rows(idOf(link))).toEqual(untouched);
  expect(await reader.reveal()).toBe('clicked by a script');
});

test('the page is the same for every id, and previews say nothing', async ({ server }) => {
  const { link } = await sent(server, 'previewed');
  const page = async (path: string) => {
    const html = await (await fetch(`${server.origin}${path}`)).text();
    return html.replace(/nonce="[^"]*"/g, '');
  };
  const real = await page(`/s/${idOf(link)}`);
  expect(real).toBe(await page('/s/AAAAAAAAAAAAAAAA'));
  expect(real).toContain('<title>Somebody sent you a secret</title>');
});
