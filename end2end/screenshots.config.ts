import { defineConfig } from '@playwright/test';
import testConfig from './playwright.config';
import type { Options } from './support/test';

/** Takes screenshots of every page and state, and runs Lighthouse: `cargo xtask screenshots`. */
export default defineConfig<Options>({
  ...testConfig,
  testDir: 'screenshots',
  timeout: 120_000,
  projects: [{ name: 'screenshots', use: { store: 'sqlite' } }],
});
