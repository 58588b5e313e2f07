import type { Buffer } from 'node:buffer';
import { expect, type Page } from '@playwright/test';
import { captureDownload } from '../support/downloads';
import { PageObject } from './page-object';

/** `/s/{id}`: where a recipient reveals a secret. */
export class SecretPage extends PageObject {
  readonly title = this.page.getByRole('heading', { level: 1 });
  readonly revealButton = this.page.getByRole('button', { name: 'Reveal secret' });
  readonly tryAgain = this.page.getByRole('button', { name: 'Try again' });
  readonly passphrase = this.page.getByLabel('Passphrase', { exact: true });
  readonly secret = this.page.getByRole('textbox', { name: 'The secret', exact: true });
  readonly hideButton = this.page.getByRole('button', { name: 'Hide', exact: true });
  readonly showButton = this.page.getByRole('button', { name: 'Show', exact: true });
  readonly downloadButton = this.page.getByRole('button', { name: 'Download' });
  readonly files = this.page.getByRole('main').getByRole('listitem');
  readonly copyButton = this.page.getByRole('button', { name: 'Copy' });
  readonly alert = this.page.getByRole('alert');
  readonly status = this.page.getByRole('status');

  /** Loads a link, and waits until the secret can be revealed. */
  static async openReady(page: Page, link: string): Promise<SecretPage> {
    const secret = await SecretPage.open(page, link);
    await expect(secret.revealButton).toBeEnabled();
    return secret;
  }

  /** Loads a link. */
  static async open(page: Page, link: string): Promise<SecretPage> {
    await page.goto(link);
    return new SecretPage(page);
  }

  /** Reveals the secret, and returns its text exactly as the document contains it. */
  async reveal(): Promise<string> {
    await this.revealButton.click();
    return this.secretText();
  }

  async tryPassphrase(passphrase: string): Promise<void> {
    await expect(this.passphrase).toBeEnabled();
    await this.passphrase.fill(passphrase);
    await this.revealButton.click();
  }

  /** Saves a received file, and returns the name it is saved under and its contents. */
  async saveFile(name: string): Promise<{ name: string; bytes: Buffer }> {
    return captureDownload(this.page, () => this.page.getByRole('button', { name: `Save ${name}`, exact: true }).click());
  }

  async secretText(): Promise<string> {
    await expect(this.secret).toBeVisible({ timeout: 30_000 });
    return this.secret.evaluate((element) => element.textContent ?? '');
  }
}
