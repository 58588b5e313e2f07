import type { BrowserContext } from '@playwright/test';

/** Messages that any test may cause. */
const ALWAYS_ALLOWED = [
  // Chromium recommends a form around password fields. The pages have none, so that no browser submits one.
  /^console verbose: \[DOM\] Password field is not contained in a form/,
  // The test left a page before its icon was loaded.
  /^failed: GET \S+\/favicon\.svg net::ERR_ABORTED$/,
];

/** What a browser reports of requests to a server that was killed, before, while and after it has read them. */
export const SERVER_DOWN = /ERR_(CONNECTION_(REFUSED|RESET|CLOSED)|EMPTY_RESPONSE)/;

/** Records what should not happen in a browser: messages, errors, failed requests, requests to other origins. */
export class BrowserMonitor {
  readonly #messages: string[] = [];
  readonly #requests: string[] = [];
  readonly #origins = new Set<string>();
  readonly #allowed: RegExp[] = [...ALWAYS_ALLOWED];

  /** Allows messages that the test causes. */
  allowMessages(...patterns: RegExp[]): void {
    this.#allowed.push(...patterns);
  }

  /** Allows requests to an origin. */
  allowOrigin(origin: string): void {
    this.#origins.add(origin);
  }

  /** Records what happens in a browser context. */
  attach(context: BrowserContext): void {
    context.on('console', (message) => {
      this.#messages.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
    });
    context.on('weberror', (error) => this.#messages.push(`error: ${error.error().message}`));
    context.on('requestfailed', (request) => {
      this.#messages.push(`failed: ${request.method()} ${request.url()} ${request.failure()?.errorText}`);
    });
    context.on('serviceworker', (worker) => this.#messages.push(`service worker: ${worker.url()}`));
    context.on('request', (request) => this.#requests.push(request.url()));
  }

  /** Returns everything that was recorded and is not allowed. */
  violations(): string[] {
    const unexpected = this.#messages.filter((line) => !this.#allowed.some((pattern) => pattern.test(line)));
    const foreign = this.#requests.filter((url) => !this.#origins.has(new URL(url).origin));
    return [...unexpected, ...foreign.map((url) => `foreign request: ${url}`)];
  }
}
