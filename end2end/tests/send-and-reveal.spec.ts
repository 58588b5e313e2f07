import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { calls } from '../support/calls';
import { pasted } from '../support/clipboard';
import { LIMIT, oddTexts } from '../support/odd-texts';
import { idOf } from '../support/secrets';
import { expect, test } from '../support/test';

test('what is typed arrives, and its row is gone in that moment', async ({ visit, server }) => {
  const { link } = await (await SendPage.of(await visit(), server)).send('correct horse\nbattery staple\n');
  expect(await server.store.rows(idOf(link))).toEqual({ viewsLeft: 1, viewsUsed: 0 });

  const reader = await SecretPage.ready(await visit(), link);
  expect(await reader.reveal()).toBe('correct horse\nbattery staple\n');
  expect(await server.store.rows(idOf(link))).toEqual({ viewsLeft: null, viewsUsed: 1 });
  await expect(reader.status.first()).toContainText('deleted from the server now');
});

for (const [name, text] of Object.entries(oddTexts)) {
  test(`${name} arrives as it was pasted, byte for byte, as text and nothing else`, async ({ visit, server }) => {
    const sender = await SendPage.of(await visit(), server);
    await sender.paste(text);
    const { link } = await sender.create();

    const reader = await SecretPage.ready(await visit(), link);
    const elements = await reader.page.locator('script, img, iframe, object, embed, base').count();
    expect((await reader.reveal()) === text, 'the page shows what was pasted').toBe(true);
    await expect(reader.secret.locator('*')).toHaveCount(0);
    await expect(reader.page.locator('script, img, iframe, object, embed, base')).toHaveCount(elements);
    expect(new URL(reader.page.url()).pathname).toBe(`/s/${idOf(link)}`);

    await reader.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await reader.copyButton.click();
    await expect(reader.page.getByText('Copied', { exact: true })).toBeVisible();
    expect((await pasted(reader.page)) === text, 'Copy gives what was pasted').toBe(true);
  });
}

test('one byte over the limit is refused in words, and nothing is sent', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  const asked = calls(sender.page);
  await sender.paste('x'.repeat(LIMIT + 1));
  await sender.createLink.click();
  await expect(sender.problem).toHaveText('This is 1.1 MB, and 1 MB is the most that fits.');
  expect(asked).toEqual([]);
});

test('nothing at all is refused in words', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  await sender.createLink.click();
  await expect(sender.problem).toHaveText('There is nothing to send yet.');
});

test('the form is empty again for another secret', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  await sender.send('the first one');
  expect(await sender.page.content()).not.toContain('the first one');
  await sender.page.getByRole('button', { name: 'Create another' }).click();
  await expect(sender.secret).toHaveValue('');
  const { link } = await sender.send('the second one');
  expect(await (await SecretPage.ready(await visit(), link)).reveal()).toBe('the second one');
});
