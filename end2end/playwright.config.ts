import { defineConfig } from '@playwright/test';
import { browser } from './support/browser';
import type { Options } from './support/test';

const noJavaScript = /no-javascript\.spec\.ts/;

// Specs of what happens in the page alone, or without the database: one database is enough.
const independentOfDatabase = new RegExp(
  `/(${[
    'accessibility',
    'api',
    'appearance',
    'before-hydration',
    'browser-storage-stays-empty',
    'content-security-policy',
    'documentation',
    'options',
    'page-navigation',
    'performance',
    'revealed',
    'sharing-the-link',
    'single-binary',
  ].join('|')})\\.spec\\.ts`,
);

// End-to-end scenarios, which also run against two servers behind a load balancer.
const scenarios = /(expiry-and-burn|files|lost-responses|passphrase|receipt|send-and-reveal|views)\.spec\.ts/;

// Specs of several servers, which need a shared PostgreSQL.
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
    { name: 'postgres', use: { store: 'postgres' }, testIgnore: [noJavaScript, independentOfDatabase] },
    { name: 'two-servers', use: { store: 'postgres', loadBalanced: true }, testMatch: scenarios },
    { name: 'no-javascript', use: { store: 'sqlite', javaScriptEnabled: false }, testMatch: noJavaScript },
  ],
});
