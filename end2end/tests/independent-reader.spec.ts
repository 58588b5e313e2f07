import type { Page } from '@playwright/test';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { oddTexts } from '../support/odd-texts';
import { protocol } from '../support/protocol';
import { idOf } from '../support/secrets';
import type { Server } from '../support/server';
import { expect, test } from '../support/test';
import type { Watch } from '../support/watch';

const texts: Record<string, string> = {
  'a password': 'hunter2',
  'a text above the floor of the padding': 'long line, '.repeat(700),
  'a text of emoji': oddTexts['a text of emoji'] ?? '',
};

/** A page of the product without any of its code, that may ask the product's server. */
async function blank(page: Page, { origin }: Server, watch: Watch): Promise<Page> {
  watch.expect(/status of 404/);
  await page.goto(`${origin}/no-such-page`);
  return page;
}

for (const [name, text] of Object.entries(texts)) {
  test(`WebCrypto alone opens what the product sealed: ${name}`, async ({ visit, server, watch }) => {
    const { link } = await (await SendPage.of(await visit(), server)).send(text);
    const page = await blank(await visit(), server, watch);
    const reader = await page.evaluateHandle(protocol);
    const opened = await page.evaluate(
      async ({ reader, link }) => {
        const call = async (name: string, body: unknown) => {
          const headers = { 'content-type': 'application/json' };
          const response = await fetch(`/api/v1/${name}`, { method: 'POST', headers, body: JSON.stringify(body) });
          if (!response.ok) throw new Error(`${name}: ${response.status}`);
          return response.json();
        };
        const secret = await reader.read(link);
        const { envelope } = await call('open', secret.open);
        const { share, views_left } = await call('reveal', secret.reveal);
        return { text: await secret.decrypt(envelope, share), views_left };
      },
      { reader, link },
    );
    expect(opened).toEqual({ text, views_left: 0 });
    expect(await server.store.rows(idOf(link))).toEqual({ viewsLeft: null, viewsUsed: 1 });
  });

  test(`the product opens what WebCrypto alone sealed: ${name}`, async ({ visit, server, watch }) => {
    const page = await blank(await visit(), server, watch);
    const writer = await page.evaluateHandle(protocol);
    const link = await page.evaluate(
      async ({ writer, text }) => {
        const made = await writer.seal(text, 3600, 1);
        const headers = { 'content-type': 'application/json' };
        const body = JSON.stringify(made.request);
        const response = await fetch('/api/v1/create', { method: 'POST', headers, body });
        const { id } = await response.json();
        return made.link(location.origin, id);
      },
      { writer, text },
    );
    expect(await (await SecretPage.ready(await visit(), link)).reveal()).toBe(text);
  });
}
