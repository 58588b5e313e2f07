import type { Page } from '@playwright/test';

/** The base of page objects: the elements of one page, and what a person does there. */
export abstract class PageObject {
  constructor(readonly page: Page) {}
}
