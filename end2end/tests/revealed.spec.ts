import { Buffer } from 'node:buffer';
import type { Page } from '@playwright/test';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { saved } from '../support/downloads';
import { sent } from '../support/secrets';
import { expect, test } from '../support/test';

const TEXT = 'shown to one person\r\nand to nobody else\n';

async function revealed(page: Page, link: string): Promise<SecretPage> {
  const reader = await SecretPage.ready(page, link);
  expect(await reader.reveal()).toBe(TEXT);
  return reader;
}

/** Puts the page out of sight, or back into it, as another tab in front does. */
async function setVisible(page: Page, visible: boolean): Promise<void> {
  await page.evaluate((visible) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => !visible });
    document.dispatchEvent(new Event('visibilitychange'));
  }, visible);
}

test('Hide takes the text out of the page, and Show puts it back', async ({ visit, server }) => {
  const reader = await revealed(await visit(), (await sent(server, TEXT)).link);
  await reader.hide.click();
  await expect(reader.secret).toBeHidden();
  expect(await reader.page.content()).not.toContain('shown to one person');
  await reader.show.click();
  expect(await reader.text()).toBe(TEXT);
});

test('Hide takes files off the screen too', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  await sender.addFiles({ name: 'only.txt', mimeType: '', buffer: Buffer.from('a file alone') });
  const reader = await SecretPage.ready(await visit(), (await sender.create()).link);
  await reader.revealButton.click();
  await expect(reader.files).toHaveCount(1);
  await reader.hide.click();
  await expect(reader.files).toHaveCount(0);
  await reader.show.click();
  expect((await reader.save('only.txt')).bytes.toString()).toBe('a file alone');
});

test('Download saves the text byte for byte', async ({ visit, server }) => {
  const reader = await revealed(await visit(), (await sent(server, TEXT)).link);
  const { name, bytes } = await saved(reader.page, () => reader.download.click());
  expect(name).toBe('secret.txt');
  expect(bytes.toString()).toBe(TEXT);
});

test('two minutes in another tab hide the text, and a minute does not', async ({ visit, server }) => {
  const page = await visit();
  await page.clock.install();
  const reader = await revealed(page, (await sent(server, TEXT)).link);
  await setVisible(page, false);
  await page.clock.runFor(60_000);
  await setVisible(page, true);
  await expect(reader.secret).toBeVisible();

  await setVisible(page, false);
  await page.clock.runFor(119_000);
  await expect(reader.secret).toBeVisible();
  await page.clock.runFor(2_000);
  await expect(reader.secret).toBeHidden();
  expect(await page.content()).not.toContain('shown to one person');
  await setVisible(page, true);
  await reader.show.click();
  expect(await reader.text()).toBe(TEXT);
});

test('a device that slept over it hides the text when it wakes', async ({ visit, server }) => {
  const page = await visit();
  await page.clock.install();
  const reader = await revealed(page, (await sent(server, TEXT)).link);
  await setVisible(page, false);
  await page.clock.pauseAt(Date.now() + 3_600_000);
  await setVisible(page, true);
  await expect(reader.secret).toBeHidden();
});

test('print shows that there is a secret, and not the secret', async ({ visit, server }) => {
  const reader = await revealed(await visit(), (await sent(server, TEXT)).link);
  await reader.page.emulateMedia({ media: 'print' });
  await expect(reader.secret).toBeHidden();
  await expect(reader.page.getByText('The secret is not printed.')).toBeVisible();
});

test('leaving wipes the page at once', async ({ visit, server }) => {
  const reader = await revealed(await visit(), (await sent(server, TEXT)).link);
  const left = await reader.page.evaluate(() => {
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    return document.documentElement.outerHTML;
  });
  expect(left).not.toContain('shown to one person');
});

test('leaving the form wipes what was not sent', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  await sender.secret.fill(TEXT);
  await sender.addPassphrase('not sent either');
  await sender.page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true })));
  await expect(sender.secret).toHaveValue('');
  await expect(sender.passphrase).toHaveValue('');
});

test('the page stays alive while a passphrase is stretched', async ({ visit, server, watch }) => {
  test.setTimeout(120_000);
  watch.expect(/status of 403/);
  const sender = await SendPage.of(await visit(), server);
  await sender.addPassphrase('stretched elsewhere');
  const { link } = await sender.send('worth the wait');
  const reader = await SecretPage.ready(await visit(), link);
  // The longest time between two moments in which the page could have done something.
  await reader.page.evaluate(() => {
    let last = performance.now();
    const page = document.documentElement.dataset;
    page.longest = '0';
    const beat = new MessageChannel();
    beat.port1.onmessage = () => {
      const now = performance.now();
      page.longest = String(Math.max(Number(page.longest), now - last));
      last = now;
      setTimeout(() => beat.port2.postMessage(null), 5);
    };
    beat.port2.postMessage(null);
  });
  const longest = () => reader.page.locator('html').getAttribute('data-longest').then(Number);
  const tried = async (passphrase: string, answered: () => Promise<unknown>) => {
    await reader.page.evaluate(() => (document.documentElement.dataset.longest = '0'));
    await reader.try(passphrase);
    await expect(reader.page.getByRole('progressbar', { name: 'Working' })).toBeVisible();
    await answered();
    return longest();
  };
  // A page that stretches by itself pauses every time; one that does not may be held up by whatever else the machine does.
  const pauses: number[] = [];
  for (const left of ['4 tries', '3 tries', '2 tries']) {
    pauses.push(await tried('a wrong one', () => expect(reader.alert).toContainText(`${left} left`, { timeout: 30_000 })));
  }
  pauses.push(await tried('stretched elsewhere', () => reader.text()));
  expect(await reader.text()).toBe('worth the wait');
  console.log(`longest pauses of the page: ${pauses.map(Math.round).join(', ')} ms`);
  expect(Math.min(...pauses)).toBeLessThan(150);
});
