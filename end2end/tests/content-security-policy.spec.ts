import type { Page } from '@playwright/test';
import { ReceiptPage } from '../pages/receipt-page';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { createSecret } from '../support/secrets';
import { expect, test } from '../support/test';

/** Returns the directives of the policy that the page has violated. */
async function violations(page: Page): Promise<string[]> {
  return page.evaluate(() => (globalThis as unknown as { violations: string[] }).violations);
}

/** Records violations of the policy on every page that is loaded. */
async function recordViolations(page: Page): Promise<Page> {
  await page.addInitScript(() => {
    const directives: string[] = ((globalThis as unknown as { violations: string[] }).violations = []);
    addEventListener('securitypolicyviolation', (event) => directives.push(event.effectiveDirective));
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
    // In a timer, since code that the test runs may use eval.
    setTimeout(() => {
      try {
        (0, eval)('document.title = "owned"');
      } catch {
        // The policy forbids it.
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
  'a form that submits to another site': ['form-action', () => {
    const form = Object.assign(document.createElement('form'), { action: 'https://evil.example/', method: 'post' });
    document.body.append(form);
    form.submit();
  }],
};

for (const [name, [directive, attack]] of Object.entries(attacks)) {
  test(`${name} is blocked`, async ({ openPage, server, monitor }) => {
    monitor.allowMessages(/Content Security Policy/i, /evil\.example/);
    // The attack causes these requests, which are blocked before anything is sent.
    monitor.allowOrigin('https://evil.example');
    const page = await recordViolations(await openPage());
    const { link } = await createSecret(server, 'not to be had');
    await SecretPage.openReady(page, link);
    await page.evaluate(attack);
    await expect.poll(() => violations(page)).toContain(directive);
    expect(await page.evaluate(() => document.title)).toBe('Somebody sent you a secret');
    expect(page.url()).toBe(link);
  });
}

test('page cannot be framed by another site', async ({ openPage, server, monitor }) => {
  monitor.allowMessages(/frame-ancestors|X-Frame-Options|ERR_BLOCKED/i);
  const page = await openPage();
  await page.setContent(`<iframe src="${server.origin}/s/AAAAAAAAAAAAAAAA"></iframe>`);
  await page.waitForTimeout(1000);
  const inside = page.frames()[1];
  expect(inside?.url()).not.toContain('/s/');
});

test('sending, revealing and the receipt violate no policy', async ({ openPage, server }) => {
  test.setTimeout(120_000);
  const page = await recordViolations(await openPage());
  const sender = await SendPage.open(page, server);
  await sender.expand('Add a passphrase');
  await page.getByRole('button', { name: 'Make one' }).click();
  await expect(sender.passphrase).not.toHaveValue('');
  const passphrase = await sender.passphrase.inputValue();
  const { link, receipt } = await sender.send('the ordinary way');
  await sender.expand('Show as QR code');
  expect(await violations(page)).toEqual([]);

  const recipient = await SecretPage.openReady(await recordViolations(await openPage()), link);
  await recipient.tryPassphrase(passphrase);
  expect(await recipient.secretText()).toBe('the ordinary way');
  expect(await violations(recipient.page)).toEqual([]);
  const receiptPage = await ReceiptPage.open(recipient.page, receipt);
  await expect(receiptPage.title).toHaveText('Opened, and deleted');
  expect(await violations(recipient.page)).toEqual([]);
});
