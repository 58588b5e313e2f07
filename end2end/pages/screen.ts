import type { Page } from '@playwright/test';

/** What a person looks at. */
export abstract class Screen {
  constructor(readonly page: Page) {}
}
