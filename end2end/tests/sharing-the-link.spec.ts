import { Buffer } from 'node:buffer';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { SendPage } from '../pages/send-page';
import { readClipboard } from '../support/clipboard';
import { expect, test } from '../support/test';

test('link, receipt link and instructions are copied', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  const { page } = sender;
  await sender.chooseViews('3 times');
  const { link, receipt } = await sender.send('to be shared');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const copied = async (button: string) => {
    await page.getByRole('button', { name: button, exact: true }).click();
    await expect(page.getByText('Copied', { exact: true })).toBeVisible();
    return readClipboard(page);
  };
  expect(await copied('Copy link')).toBe(link);
  expect(await copied('Copy receipt link')).toBe(receipt);
  const message = await copied('Copy with instructions');
  expect(message).toContain(`\n${link}\n`);
  expect(message).toMatch(/The link opens 3 times, until \d{1,2} \w+ 20\d\d at \d\d:\d\d \S+/);
  expect(message).not.toContain(receipt);
  expect(message).not.toContain('passphrase');

  const mail = new URL((await page.getByRole('link', { name: 'E-mail', exact: true }).getAttribute('href')) ?? '');
  expect(mail.protocol).toBe('mailto:');
  expect(new URLSearchParams(mail.search).get('body')).toBe(message);
});

test('QR code contains the link in light and dark', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  const { link } = await sender.send('to be scanned');
  await sender.expand('Show as QR code');
  for (const colorScheme of ['light', 'dark'] as const) {
    await sender.page.emulateMedia({ colorScheme });
    const image = PNG.sync.read(await sender.page.getByRole('img', { name: 'QR code of the link' }).screenshot());
    const code = jsQR(new Uint8ClampedArray(Buffer.from(image.data)), image.width, image.height);
    expect(code?.data).toBe(link);
  }
});

test('share sheet gets the message, and without one there is no button', async ({ openPage, server }) => {
  const share = 'share';
  const without = await openPage();
  await without.addInitScript((share) => Reflect.deleteProperty(Navigator.prototype, share), share);
  const plain = await SendPage.open(without, server);
  await plain.send('not to be shared');
  await expect(without.getByRole('button', { name: 'Share' })).toBeHidden();

  const page = await openPage();
  await page.addInitScript(() => {
    Navigator.prototype.share = async (data) => void (document.documentElement.dataset.shared = JSON.stringify(data));
  });
  const sender = await SendPage.open(page, server);
  const { link } = await sender.send('to be shared');
  await page.getByRole('button', { name: 'Share' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-shared', new RegExp(link.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
});
