import type { Page } from '@playwright/test';

/** What somebody impatient does with a page that does nothing. */
export async function pressEverything(page: Page): Promise<void> {
  const main = page.getByRole('main');
  for (const thing of await main.getByRole('button').or(main.getByRole('textbox')).all()) {
    await thing.click({ force: true });
    await page.keyboard.type('s3cret');
    await page.keyboard.press('Enter');
  }
  await page.keyboard.press('Enter');
}
