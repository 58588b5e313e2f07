import type { Buffer } from 'node:buffer';
import { expect, type Page } from '@playwright/test';
import { writeClipboard } from '../support/clipboard';
import type { Links } from '../support/secrets';
import type { Server } from '../support/server';
import { PageObject } from './page-object';

/** `/`: the sender's form, and the two links that it creates. */
export class SendPage extends PageObject {
  readonly secret = this.page.getByRole('textbox', { name: 'Your secret' });
  readonly createLink = this.page.getByRole('button', { name: 'Create link' });
  readonly linkReady = this.page.getByRole('heading', { name: 'Your link is ready' });
  readonly counter = this.page.getByText(/^[\d.]+ (bytes?|KB|MB) of [\d.]+ (KB|MB)$/);
  readonly files = this.page.getByRole('list', { name: 'Files that go with it' }).getByRole('listitem');
  readonly passphrase = this.page.getByLabel('Passphrase', { exact: true });
  readonly errorMessage = this.page.getByRole('alert');

  /** Loads the page, and waits until the form is enabled. */
  static async open(page: Page, { origin }: Pick<Server, 'origin'>): Promise<SendPage> {
    await page.goto(origin);
    const send = new SendPage(page);
    await expect(send.secret).toBeEnabled();
    return send;
  }

  /** Pastes from the clipboard, which keeps characters that typing into a text area would change. */
  async paste(text: string): Promise<void> {
    await writeClipboard(this.page, text);
    await this.secret.press('ControlOrMeta+V');
  }

  async chooseViews(label: string): Promise<void> {
    await this.page.getByLabel('Can be opened', { exact: true }).selectOption({ label });
  }

  async chooseExpiry(label: string): Promise<void> {
    await this.page.getByLabel('Expires after', { exact: true }).selectOption({ label });
  }

  /** Opens a collapsed section of the page. */
  async expand(section: 'Add a passphrase' | 'Generate a secret' | 'Show as QR code'): Promise<void> {
    await this.page.getByText(section, { exact: true }).click();
  }

  async addPassphrase(passphrase: string): Promise<void> {
    await this.expand('Add a passphrase');
    await this.passphrase.fill(passphrase);
  }

  /** Chooses files in the system's dialog. */
  async addFiles(...files: { name: string; mimeType: string; buffer: Buffer }[]): Promise<void> {
    const chooser = this.page.waitForEvent('filechooser');
    await this.page.getByRole('button', { name: 'Add files' }).click();
    await (await chooser).setFiles(files);
  }

  /** Submits the form, and returns the links. */
  async create(): Promise<Links> {
    await this.createLink.click();
    await expect(this.linkReady).toBeVisible({ timeout: 30_000 });
    return {
      link: await this.page.getByLabel('Link to send').inputValue(),
      receipt: await this.page.getByLabel('Your receipt link').inputValue(),
    };
  }

  /** Enters a text, submits the form, and returns the links. */
  async send(text: string): Promise<Links> {
    await this.secret.fill(text);
    return this.create();
  }
}
