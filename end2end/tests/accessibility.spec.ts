import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { sent } from '../support/secrets';
import { states } from '../support/states';
import { expect, test } from '../support/test';

// Each state is reached once and looked at in every way; some take a passphrase.
test.setTimeout(120_000);
const SMALLEST = { width: 320, height: 256 };
const USUAL = { width: 1280, height: 800 };

/** What sticks out of the page to the side. */
function sticksOut(page: Page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const wide = [...document.querySelectorAll('body *')].filter((element) => {
      const { left, right } = element.getBoundingClientRect();
      const hidden = element.closest('.visually-hidden, .skip');
      return !hidden && (right > width + 1 || left < -1);
    });
    const sideways = document.documentElement.scrollWidth > width;
    return sideways ? wide.map((element) => element.outerHTML.slice(0, 200)) : [];
  });
}

/** Buttons, fields and links that stand alone, smaller than a fingertip. */
function tooSmall(page: Page) {
  return page.evaluate(() =>
    [...document.querySelectorAll('button, select, input, textarea, summary, a.button')]
      .filter((element) => element.checkVisibility() && !element.closest('[disabled]'))
      .filter((element) => element.getBoundingClientRect().height < 44)
      .map((element) => element.outerHTML.slice(0, 120)),
  );
}

for (const [name, enter] of Object.entries(states)) {
  test(`${name}: no violation in light and dark, nothing sticks out at 320 px or at 400 %`, async ({ visit, server, watch }) => {
    watch.expect(/status of (404|410|403|429|507)/, /ERR_FAILED/, /WebAssembly/);
    const page = await visit();
    await page.setViewportSize(USUAL);
    await enter(page, server);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' ')}`);
      expect.soft(found, colorScheme).toEqual([]);
    }
    expect.soft(await tooSmall(page)).toEqual([]);
    // 1,280 px at 400 % are 320 px.
    await page.setViewportSize(SMALLEST);
    expect.soft(await sticksOut(page)).toEqual([]);
  });
}

/** Goes on with the tabulator until this has the focus, as a person does who cannot point. */
async function tabTo(page: Page, name: string | RegExp, role: 'button' | 'textbox' | 'link' | 'combobox'): Promise<void> {
  const target = page.getByRole(role, { name, exact: typeof name === 'string' });
  for (let steps = 0; steps < 60; steps++) {
    if ((await target.count()) === 1 && (await target.evaluate((element) => element === document.activeElement))) {
      // What has the focus is seen to have it.
      const outline = await target.evaluate((element) => getComputedStyle(element).outlineStyle);
      expect(outline, `the focus on ${String(name)} is visible`).not.toBe('none');
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`${String(name)} was never reached`);
}

test('the whole way with the keyboard alone', async ({ visit, server }) => {
  const page = await visit();
  const sender = await SendPage.of(page, server);
  await tabTo(page, 'Your secret', 'textbox');
  await page.keyboard.type('typed and sent without a mouse');
  await tabTo(page, 'Can be opened', 'combobox');
  await page.keyboard.press('ArrowDown');
  await tabTo(page, 'Create link', 'button');
  await page.keyboard.press('Enter');
  await expect(sender.ready).toBeFocused();
  await tabTo(page, 'Copy link', 'button');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status').filter({ hasText: 'Copied' })).toBeVisible();
  const link = await page.getByLabel('Link to send').inputValue();
  const receipt = await page.getByLabel('Your receipt link').inputValue();

  const other = await visit();
  const reader = await SecretPage.ready(other, link);
  await expect(reader.title).toBeFocused();
  await tabTo(other, 'Reveal secret', 'button');
  await other.keyboard.press('Enter');
  expect(await reader.text()).toBe('typed and sent without a mouse');
  await expect(reader.title).toBeFocused();
  await tabTo(other, 'The secret', 'textbox');
  await tabTo(other, 'Hide', 'button');
  await other.keyboard.press(' ');
  await expect(reader.secret).toBeHidden();

  await other.goto(receipt);
  await expect(other.getByRole('heading', { level: 1 })).toBeFocused();
  await tabTo(other, 'Burn now', 'button');
  await other.keyboard.press('Enter');
  await expect(other.getByRole('button', { name: 'Keep it' })).toBeFocused();
  await tabTo(other, 'Yes, burn it', 'button');
  await other.keyboard.press('Enter');
  await expect(other.getByRole('heading', { level: 1 })).toHaveText('Burned');
});

test('what changes is announced: where the focus goes, and what live regions say', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  await expect(sender.secret).toBeFocused();
  await sender.createLink.click();
  await expect(sender.problem).toHaveText('There is nothing to send yet.');
  await expect(sender.secret).toBeFocused();
  await expect(sender.secret).toHaveAttribute('aria-invalid', 'true');
  await expect(sender.secret).toHaveAccessibleDescription(/0 bytes of 1 MB There is nothing to send yet\./);

  const reader = await SecretPage.ready(await visit(), (await sent(server, 'announced')).link);
  await expect(reader.title).toBeFocused();
  await reader.reveal();
  await expect(reader.title).toBeFocused();
  await expect(reader.status.first()).toHaveText(/It is deleted from the server now/);
});

test('text of its own direction is shown in it, and the page can be turned around', async ({ visit, server }) => {
  const page = await visit();
  const reader = await SecretPage.ready(page, (await sent(server, 'שלום עולם')).link);
  await reader.reveal();
  expect(await reader.secret.evaluate((element) => getComputedStyle(element).direction)).toBe('rtl');
  await page.evaluate(() => (document.documentElement.dir = 'rtl'));
  await page.setViewportSize(SMALLEST);
  expect(await sticksOut(page)).toEqual([]);
});

test('in forced colours every button has an edge', async ({ visit, server }) => {
  const page = await visit();
  await page.emulateMedia({ forcedColors: 'active' });
  await SecretPage.ready(page, (await sent(server, 'forced colours')).link);
  const edge = await page.getByRole('button', { name: 'Reveal secret' }).evaluate((button) => {
    const { borderTopWidth, borderTopStyle } = getComputedStyle(button);
    return `${borderTopWidth} ${borderTopStyle}`;
  });
  expect(edge).toBe('1px solid');
});
