import type { Page } from '@playwright/test';
import { Screen } from './screen';

/** `/receipt`: the sender's page. */
export class ReceiptPage extends Screen {
  readonly title = this.page.getByRole('heading', { level: 1 });
  readonly timeline = this.page.getByRole('main').getByRole('listitem');
  readonly views = this.page.getByText(/^\d+ of \d+ views? used\.$/);
  readonly wrongPassphrases = this.page.getByText(/wrong passphrases? tried/);
  readonly refresh = this.page.getByRole('button', { name: 'Refresh' });
  readonly burnNow = this.page.getByRole('button', { name: 'Burn now' });
  readonly burnIndeed = this.page.getByRole('button', { name: 'Yes, burn it' });
  readonly keep = this.page.getByRole('button', { name: 'Keep it' });

  static async of(page: Page, receipt: string): Promise<ReceiptPage> {
    await page.goto(receipt);
    return new ReceiptPage(page);
  }
}
