import type { Page } from '@playwright/test';

/** Puts a text on the clipboard, exactly as it is. */
export async function copy(page: Page, text: string): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate((text) => navigator.clipboard.writeText(text), text);
}

/** The text on the clipboard, exactly as it is: pages of the product may not read it, so another one does. */
export async function pasted(page: Page): Promise<string> {
  const elsewhere = await page.context().newPage();
  await elsewhere.setContent('<textarea></textarea>');
  const text = elsewhere.evaluate(
    () =>
      new Promise<string>((resolve) => {
        const read = (event: ClipboardEvent) => resolve(event.clipboardData?.getData('text/plain') ?? '');
        document.addEventListener('paste', read, { once: true });
      }),
  );
  await elsewhere.getByRole('textbox').press('ControlOrMeta+V');
  try {
    return await text;
  } finally {
    await elsewhere.close();
  }
}
