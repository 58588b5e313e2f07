import { Buffer } from 'node:buffer';
import jsQR from 'jsqr';
import { PNG } from 'pngjs';
import { SendPage } from '../pages/send';
import { pasted } from '../support/clipboard';
import { expect, test } from '../support/test';

test('what is copied, with and without instructions', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  const { page } = sender;
  await sender.chooseViews('3 times');
  const { link, receipt } = await sender.send('to be handed over');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const copied = async (button: string) => {
    await page.getByRole('button', { name: button, exact: true }).click();
    await expect(page.getByText('Copied', { exact: true })).toBeVisible();
    return pasted(page);
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

test('the QR code is the link, in light and in dark', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  const { link } = await sender.send('to be scanned');
  await sender.unfold('Show as QR code');
  for (const colorScheme of ['light', 'dark'] as const) {
    await sender.page.emulateMedia({ colorScheme });
    const picture = PNG.sync.read(await sender.page.getByRole('img', { name: 'QR code of the link' }).screenshot());
    const code = jsQR(new Uint8ClampedArray(Buffer.from(picture.data)), picture.width, picture.height);
    expect(code?.data).toBe(link);
  }
});

test('where there is a share sheet it gets the message, and where there is none there is no button', async ({ visit, server }) => {
  const share = 'share';
  const without = await visit();
  await without.addInitScript((share) => Reflect.deleteProperty(Navigator.prototype, share), share);
  const plain = await SendPage.of(without, server);
  await plain.send('not to be shared');
  await expect(without.getByRole('button', { name: 'Share' })).toBeHidden();

  const page = await visit();
  await page.addInitScript(() => {
    Navigator.prototype.share = async (data) => void (document.documentElement.dataset.shared = JSON.stringify(data));
  });
  const sender = await SendPage.of(page, server);
  const { link } = await sender.send('to be shared');
  await page.getByRole('button', { name: 'Share' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-shared', new RegExp(link.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')));
});
