import type { Page } from '@playwright/test';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { edgeCaseTexts } from '../support/edge-case-texts';
import { protocol } from '../support/protocol';
import { idOf } from '../support/secrets';
import type { Server } from '../support/server';
import { expect, test } from '../support/test';
import type { BrowserMonitor } from '../support/browser-monitor';

const texts: Record<string, string> = {
  'password': 'hunter2',
  'text longer than the smallest padded size': 'long line, '.repeat(700),
  'text with emoji': edgeCaseTexts['text with emoji']!,
};

/** Loads a page without code that has the origin of the server. */
async function openBlank(page: Page, { origin }: Server, monitor: BrowserMonitor): Promise<Page> {
  monitor.allowMessages(/status of 404/);
  await page.goto(`${origin}/no-such-page`);
  return page;
}

for (const [name, text] of Object.entries(texts)) {
  test(`independent implementation decrypts a secret of the product: ${name}`, async ({ openPage, server, monitor }) => {
    const { link } = await (await SendPage.open(await openPage(), server)).send(text);
    const page = await openBlank(await openPage(), server, monitor);
    const implementation = await page.evaluateHandle(protocol);
    const opened = await page.evaluate(
      async ({ implementation, link }) => {
        const call = async (name: string, body: unknown) => {
          const headers = { 'content-type': 'application/json' };
          const response = await fetch(`/api/v1/${name}`, { method: 'POST', headers, body: JSON.stringify(body) });
          if (!response.ok) throw new Error(`${name}: ${response.status}`);
          return response.json();
        };
        const secret = await implementation.parseLink(link);
        const { envelope } = await call('open', secret.open);
        const { share, views_left } = await call('reveal', secret.reveal);
        return { text: await secret.decrypt(envelope, share), views_left };
      },
      { implementation, link },
    );
    expect(opened).toEqual({ text, views_left: 0 });
    expect(await server.store.viewCounts(idOf(link))).toEqual({ viewsLeft: null, viewsUsed: 1 });
  });

  test(`product decrypts a secret of the independent implementation: ${name}`, async ({ openPage, server, monitor }) => {
    const page = await openBlank(await openPage(), server, monitor);
    const implementation = await page.evaluateHandle(protocol);
    const link = await page.evaluate(
      async ({ implementation, text }) => {
        const sealed = await implementation.seal(text, 3600, 1);
        const headers = { 'content-type': 'application/json' };
        const body = JSON.stringify(sealed.request);
        const response = await fetch('/api/v1/create', { method: 'POST', headers, body });
        const { id } = await response.json();
        return sealed.link(location.origin, id);
      },
      { implementation, text },
    );
    expect(await (await SecretPage.openReady(await openPage(), link)).reveal()).toBe(text);
  });
}
