import { defineConfig } from '@playwright/test';
import usual from './playwright.config';
import type { Options } from './support/test';

/** Pictures of every page and state, for looking at: `cargo xtask screenshots`. */
export default defineConfig<Options>({
  ...usual,
  testDir: 'pictures',
  timeout: 120_000,
  projects: [{ name: 'pictures', use: { store: 'sqlite' } }],
});
