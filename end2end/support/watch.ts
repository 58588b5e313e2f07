import type { BrowserContext } from '@playwright/test';

/** What belongs to every test. */
const USUAL = [
  // Advice against what is meant here: what is in no form is submitted by no browser.
  /^console verbose: \[DOM\] Password field is not contained in a form/,
  // A page that was left before its icon had come.
  /^failed: GET \S+\/favicon\.svg net::ERR_ABORTED$/,
];

/** Notes everything in a browser that should not happen: messages, errors, failed and foreign requests. */
export class Watch {
  readonly #seen: string[] = [];
  readonly #requests: string[] = [];
  readonly #origins = new Set<string>();
  readonly #expected: RegExp[] = [...USUAL];

  /** Announces messages that belong to the test. */
  expect(...patterns: RegExp[]): void {
    this.#expected.push(...patterns);
  }

  /** An origin that pages may ask. */
  allow(origin: string): void {
    this.#origins.add(origin);
  }

  over(context: BrowserContext): void {
    context.on('console', (message) => {
      this.#seen.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (error) => this.#seen.push(`error: ${error.error().message}`));
    context.on('requestfailed', (request) => {
      this.#seen.push(`failed: ${request.method()} ${request.url()} ${request.failure()?.errorText}`);
    });
    context.on('serviceworker', (worker) => this.#seen.push(`service worker: ${worker.url()}`));
    context.on('request', (request) => this.#requests.push(request.url()));
  }

  complaints(): string[] {
    const unexpected = this.#seen.filter((line) => !this.#expected.some((pattern) => pattern.test(line)));
    const foreign = this.#requests.filter((url) => !this.#origins.has(new URL(url).origin));
    return [...unexpected, ...foreign.map((url) => `foreign request: ${url}`)];
  }
}
