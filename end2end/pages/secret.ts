import type { Buffer } from 'node:buffer';
import { expect, type Page } from '@playwright/test';
import { saved } from '../support/downloads';
import { Screen } from './screen';

/** `/s/{id}`: the recipient's page. */
export class SecretPage extends Screen {
  readonly title = this.page.getByRole('heading', { level: 1 });
  readonly revealButton = this.page.getByRole('button', { name: 'Reveal secret' });
  readonly tryAgain = this.page.getByRole('button', { name: 'Try again' });
  readonly passphrase = this.page.getByLabel('Passphrase', { exact: true });
  readonly secret = this.page.getByRole('textbox', { name: 'The secret', exact: true });
  readonly hide = this.page.getByRole('button', { name: 'Hide', exact: true });
  readonly show = this.page.getByRole('button', { name: 'Show', exact: true });
  readonly download = this.page.getByRole('button', { name: 'Download' });
  readonly files = this.page.getByRole('main').getByRole('listitem');
  readonly copyButton = this.page.getByRole('button', { name: 'Copy' });
  readonly alert = this.page.getByRole('alert');
  readonly status = this.page.getByRole('status');

  /** Follows a link to where the secret can be revealed. */
  static async ready(page: Page, link: string): Promise<SecretPage> {
    const secret = await SecretPage.of(page, link);
    await expect(secret.revealButton).toBeEnabled();
    return secret;
  }

  /** Follows a link, whatever comes of it. */
  static async of(page: Page, link: string): Promise<SecretPage> {
    await page.goto(link);
    return new SecretPage(page);
  }

  /** Reveals, and returns the text exactly as the page has it. */
  async reveal(): Promise<string> {
    await this.revealButton.click();
    return this.text();
  }

  async try(passphrase: string): Promise<void> {
    await expect(this.passphrase).toBeEnabled();
    await this.passphrase.fill(passphrase);
    await this.revealButton.click();
  }

  /** Saves a file, and returns the name it got and what is in it. */
  async save(name: string): Promise<{ name: string; bytes: Buffer }> {
    return saved(this.page, () => this.page.getByRole('button', { name: `Save ${name}`, exact: true }).click());
  }

  async text(): Promise<string> {
    await expect(this.secret).toBeVisible({ timeout: 30_000 });
    return this.secret.evaluate((element) => element.textContent ?? '');
  }
}
