import type { LaunchOptions } from '@playwright/test';

const asRoot = process.getuid?.() === 0;

/** The system's browser where `CHROMIUM` names one, and no errands of its own. */
export const browser: LaunchOptions = {
  executablePath: process.env.CHROMIUM || undefined,
  args: [
    ...(asRoot ? ['--no-sandbox'] : []),
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};
