import type { Page } from '@playwright/test';

/** Clicks every button and field of the page, types into each, and presses Enter. */
export async function clickEverything(page: Page): Promise<void> {
  const main = page.getByRole('main');
  for (const control of await main.getByRole('button').or(main.getByRole('textbox')).all()) {
    await control.click({ force: true });
    await page.keyboard.type('s3cret');
    await page.keyboard.press('Enter');
  }
  await page.keyboard.press('Enter');
}
