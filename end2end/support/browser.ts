import type { LaunchOptions } from '@playwright/test';

const isRoot = process.getuid?.() === 0;

/** Uses the system's browser if `CHROMIUM` names one, without its background requests. */
export const browser: LaunchOptions = {
  executablePath: process.env.CHROMIUM || undefined,
  args: [
    ...(isRoot ? ['--no-sandbox'] : []),
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};
