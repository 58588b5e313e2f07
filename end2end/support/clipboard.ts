import type { Page } from '@playwright/test';

/** Puts a text on the clipboard, unchanged. */
export async function writeClipboard(page: Page, text: string): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate((text) => navigator.clipboard.writeText(text), text);
}

/** Returns the text on the clipboard, unchanged. Uses another page, since the product's pages may not read it. */
export async function readClipboard(page: Page): Promise<string> {
  const otherPage = await page.context().newPage();
  await otherPage.setContent('<textarea></textarea>');
  const text = otherPage.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const read = (event: ClipboardEvent) => resolve(event.clipboardData?.getData('text/plain') ?? '');
        document.addEventListener('paste', read, { once: true });
      }),
  );
  await otherPage.getByRole('textbox').press('ControlOrMeta+V');
  try {
    return await text;
  } finally {
    await otherPage.close();
  }
}
