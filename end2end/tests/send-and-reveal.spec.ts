import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { recordApiRequests } from '../support/api-requests';
import { readClipboard } from '../support/clipboard';
import { MAX_SECRET_BYTES, edgeCaseTexts } from '../support/edge-case-texts';
import { idOf } from '../support/secrets';
import { expect, test } from '../support/test';

test('typed text arrives, and its row is deleted by the reveal', async ({ openPage, server }) => {
  const { link } = await (await SendPage.open(await openPage(), server)).send('correct horse\nbattery staple\n');
  expect(await server.store.viewCounts(idOf(link))).toEqual({ viewsLeft: 1, viewsUsed: 0 });

  const recipient = await SecretPage.openReady(await openPage(), link);
  expect(await recipient.reveal()).toBe('correct horse\nbattery staple\n');
  expect(await server.store.viewCounts(idOf(link))).toEqual({ viewsLeft: null, viewsUsed: 1 });
  await expect(recipient.status.first()).toContainText('deleted from the server now');
});

for (const [name, text] of Object.entries(edgeCaseTexts)) {
  test(`${name} arrives byte for byte as plain text`, async ({ openPage, server }) => {
    const sender = await SendPage.open(await openPage(), server);
    await sender.paste(text);
    const { link } = await sender.create();

    const recipient = await SecretPage.openReady(await openPage(), link);
    const elements = await recipient.page.locator('script, img, iframe, object, embed, base').count();
    expect((await recipient.reveal()) === text, 'the page shows the pasted text').toBe(true);
    await expect(recipient.secret.locator('*')).toHaveCount(0);
    await expect(recipient.page.locator('script, img, iframe, object, embed, base')).toHaveCount(elements);
    expect(new URL(recipient.page.url()).pathname).toBe(`/s/${idOf(link)}`);

    await recipient.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await recipient.copyButton.click();
    await expect(recipient.page.getByText('Copied', { exact: true })).toBeVisible();
    expect((await readClipboard(recipient.page)) === text, 'the clipboard contains the pasted text').toBe(true);
  });
}

test('one byte over the limit is refused with a message, and nothing is sent', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  const apiRequests = recordApiRequests(sender.page);
  await sender.paste('x'.repeat(MAX_SECRET_BYTES + 1));
  await sender.createLink.click();
  await expect(sender.errorMessage).toHaveText('This is 1.1 MB, and 1 MB is the most that fits.');
  expect(apiRequests).toEqual([]);
});

test('empty form is refused with a message', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  await sender.createLink.click();
  await expect(sender.errorMessage).toHaveText('There is nothing to send yet.');
});

test('form is empty for another secret', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  await sender.send('the first one');
  expect(await sender.page.content()).not.toContain('the first one');
  await sender.page.getByRole('button', { name: 'Create another' }).click();
  await expect(sender.secret).toHaveValue('');
  const { link } = await sender.send('the second one');
  expect(await (await SecretPage.openReady(await openPage(), link)).reveal()).toBe('the second one');
});
