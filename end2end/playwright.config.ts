import { defineConfig } from '@playwright/test';
import { browser } from './support/browser';
import type { Options } from './support/test';

const noJavaScript = /no-javascript\.spec\.ts/;
// What happens in the page alone is the same whatever the server keeps its secrets in.
const ofThePage =
  /(accessibility|alone|api|appearance|asleep|documentation|handing-over|leaves-nothing-behind|nothing-foreign-runs|options|revealed|speed-and-weight|staying-on-the-page)\.spec\.ts/;

// What people do, from end to end: on two servers behind a balancer too.
const stories = /(endings|files|lost-answers|passphrase|receipt|send-and-reveal|views)\.spec\.ts/;
// Several servers share a PostgreSQL.
const severalServers = /two-servers\.spec\.ts/;

export default defineConfig<Options>({
  testDir: 'tests',
  outputDir: 'test-results',
  reporter: 'list',
  workers: 2,
  retries: 0,
  fullyParallel: true,
  forbidOnly: true,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  use: {
    launchOptions: browser,
    actionTimeout: 15_000,
    navigationTimeout: 15_000,
    locale: 'en-GB',
  },
  projects: [
    { name: 'sqlite', use: { store: 'sqlite' }, testIgnore: [noJavaScript, severalServers] },
    { name: 'postgres', use: { store: 'postgres' }, testIgnore: [noJavaScript, ofThePage] },
    { name: 'two-servers', use: { store: 'postgres', balanced: true }, testMatch: stories },
    { name: 'no-javascript', use: { store: 'sqlite', javaScriptEnabled: false }, testMatch: noJavaScript },
  ],
});
