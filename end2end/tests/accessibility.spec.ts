import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { createSecret } from '../support/secrets';
import { pageStates } from '../support/page-states';
import { expect, test } from '../support/test';

// Each state is entered once and checked in every way. Some states need Argon2id.
test.setTimeout(120_000);
const SMALLEST = { width: 320, height: 256 };
const DESKTOP = { width: 1280, height: 800 };

/** Returns the elements that make the page scroll sideways. */
function overflowingElements(page: Page) {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    const wide = [...document.querySelectorAll('body *')].filter((element) => {
      const { left, right } = element.getBoundingClientRect();
      const hidden = element.closest('.visually-hidden, .skip');
      return !hidden && (right > width + 1 || left < -1);
    });
    const scrollsSideways = document.documentElement.scrollWidth > width;
    return scrollsSideways ? wide.map((element) => element.outerHTML.slice(0, 200)) : [];
  });
}

/** Returns the buttons, fields and button-like links below the minimum touch target of 44 px. */
function tooSmallTargets(page: Page) {
  return page.evaluate(() =>
    [...document.querySelectorAll('button, select, input, textarea, summary, a.button')]
      .filter((element) => element.checkVisibility() && !element.closest('[disabled]'))
      .filter((element) => element.getBoundingClientRect().height < 44)
      .map((element) => element.outerHTML.slice(0, 120)),
  );
}

for (const [name, enter] of Object.entries(pageStates)) {
  test(`${name} has no accessibility violation in light and dark, and no sideways scrolling at 320 px or 400 %`, async ({ openPage, server, monitor }) => {
    monitor.allowMessages(/status of (404|410|403|429|507)/, /ERR_FAILED/, /WebAssembly/);
    const page = await openPage();
    await page.setViewportSize(DESKTOP);
    await enter(page, server);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const { violations } = await new AxeBuilder({ page }).analyze();
      const descriptions = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' ')}`);
      expect.soft(descriptions, colorScheme).toEqual([]);
    }
    expect.soft(await tooSmallTargets(page)).toEqual([]);
    // 1,280 px at a zoom of 400 % are 320 px.
    await page.setViewportSize(SMALLEST);
    expect.soft(await overflowingElements(page)).toEqual([]);
  });
}

/** Presses Tab until the element has the focus. */
async function tabTo(page: Page, name: string | RegExp, role: 'button' | 'textbox' | 'link' | 'combobox'): Promise<void> {
  const target = page.getByRole(role, { name, exact: typeof name === 'string' });
  for (let steps = 0; steps < 60; steps++) {
    if ((await target.count()) === 1 && (await target.evaluate((element) => element === document.activeElement))) {
      // The focus is visible.
      const outline = await target.evaluate((element) => getComputedStyle(element).outlineStyle);
      expect(outline, `the focus on ${String(name)} is visible`).not.toBe('none');
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`${String(name)} did not get the focus`);
}

test('secret can be sent, revealed and burned with the keyboard alone', async ({ openPage, server }) => {
  const page = await openPage();
  const sender = await SendPage.open(page, server);
  await tabTo(page, 'Your secret', 'textbox');
  await page.keyboard.type('typed and sent without a mouse');
  await tabTo(page, 'Can be opened', 'combobox');
  await page.keyboard.press('ArrowDown');
  await tabTo(page, 'Create link', 'button');
  await page.keyboard.press('Enter');
  await expect(sender.linkReady).toBeFocused();
  await tabTo(page, 'Copy link', 'button');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status').filter({ hasText: 'Copied' })).toBeVisible();
  const link = await page.getByLabel('Link to send').inputValue();
  const receipt = await page.getByLabel('Your receipt link').inputValue();

  const recipientPage = await openPage();
  const recipient = await SecretPage.openReady(recipientPage, link);
  await expect(recipient.title).toBeFocused();
  await tabTo(recipientPage, 'Reveal secret', 'button');
  await recipientPage.keyboard.press('Enter');
  expect(await recipient.secretText()).toBe('typed and sent without a mouse');
  await expect(recipient.title).toBeFocused();
  await tabTo(recipientPage, 'The secret', 'textbox');
  await tabTo(recipientPage, 'Hide', 'button');
  await recipientPage.keyboard.press(' ');
  await expect(recipient.secret).toBeHidden();

  await recipientPage.goto(receipt);
  await expect(recipientPage.getByRole('heading', { level: 1 })).toBeFocused();
  await tabTo(recipientPage, 'Burn now', 'button');
  await recipientPage.keyboard.press('Enter');
  await expect(recipientPage.getByRole('button', { name: 'Keep it' })).toBeFocused();
  await tabTo(recipientPage, 'Yes, burn it', 'button');
  await recipientPage.keyboard.press('Enter');
  await expect(recipientPage.getByRole('heading', { level: 1 })).toHaveText('Burned');
});

test('changes are announced by focus and live regions', async ({ openPage, server }) => {
  const sender = await SendPage.open(await openPage(), server);
  await expect(sender.secret).toBeFocused();
  await sender.createLink.click();
  await expect(sender.errorMessage).toHaveText('There is nothing to send yet.');
  await expect(sender.secret).toBeFocused();
  await expect(sender.secret).toHaveAttribute('aria-invalid', 'true');
  await expect(sender.secret).toHaveAccessibleDescription(/0 bytes of 1 MB There is nothing to send yet\./);

  const recipient = await SecretPage.openReady(await openPage(), (await createSecret(server, 'announced')).link);
  await expect(recipient.title).toBeFocused();
  await recipient.reveal();
  await expect(recipient.title).toBeFocused();
  await expect(recipient.status.first()).toHaveText(/It is deleted from the server now/);
});

test('right-to-left secret is shown right to left, and the page does not overflow in a right-to-left layout', async ({ openPage, server }) => {
  const page = await openPage();
  const recipient = await SecretPage.openReady(page, (await createSecret(server, 'שלום עולם')).link);
  await recipient.reveal();
  expect(await recipient.secret.evaluate((element) => getComputedStyle(element).direction)).toBe('rtl');
  await page.evaluate(() => (document.documentElement.dir = 'rtl'));
  await page.setViewportSize(SMALLEST);
  expect(await overflowingElements(page)).toEqual([]);
});

test('buttons have a border in forced colours', async ({ openPage, server }) => {
  const page = await openPage();
  await page.emulateMedia({ forcedColors: 'active' });
  await SecretPage.openReady(page, (await createSecret(server, 'forced colours')).link);
  const border = await page.getByRole('button', { name: 'Reveal secret' }).evaluate((button) => {
    const { borderTopWidth, borderTopStyle } = getComputedStyle(button);
    return `${borderTopWidth} ${borderTopStyle}`;
  });
  expect(border).toBe('1px solid');
});
