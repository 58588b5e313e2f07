import type { Page } from '@playwright/test';
import { PageObject } from './page-object';

/** `/receipt`: shows the sender what happened to a secret, and burns it. */
export class ReceiptPage extends PageObject {
  readonly title = this.page.getByRole('heading', { level: 1 });
  readonly timeline = this.page.getByRole('main').getByRole('listitem');
  readonly views = this.page.getByText(/^\d+ of \d+ views? used\.$/);
  readonly wrongPassphrases = this.page.getByText(/wrong passphrases? tried/);
  readonly refreshButton = this.page.getByRole('button', { name: 'Refresh' });
  readonly burnButton = this.page.getByRole('button', { name: 'Burn now' });
  readonly confirmBurn = this.page.getByRole('button', { name: 'Yes, burn it' });
  readonly cancelBurn = this.page.getByRole('button', { name: 'Keep it' });

  static async open(page: Page, receipt: string): Promise<ReceiptPage> {
    await page.goto(receipt);
    return new ReceiptPage(page);
  }
}
