import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from '@playwright/test';
import { sent } from '../support/secrets';
import { expect, test } from '../support/test';

const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'] as const;

/** What Lighthouse says of a page on its slow telephone. */
async function judged(address: string): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'ikrypt-lighthouse-'));
  const report = join(folder, 'report.json');
  const options = ['--quiet', '--output=json', `--output-path=${report}`, `--only-categories=${CATEGORIES.join(',')}`];
  const asRoot = process.getuid?.() === 0;
  const chrome = `--chrome-flags=--headless=new${asRoot ? ' --no-sandbox' : ''}`;
  const program = join(__dirname, '../node_modules/.bin/lighthouse');
  const env = { ...process.env, CHROME_PATH: process.env.CHROMIUM || chromium.executablePath() };
  await promisify(execFile)(program, [address, ...options, chrome], { env });
  const { categories } = JSON.parse(await readFile(report, 'utf8')) as {
    categories: Record<string, { score: number }>;
  };
  await rm(folder, { recursive: true });
  return Object.fromEntries(CATEGORIES.map((name) => [name, Math.round((categories[name]?.score ?? 0) * 100)]));
}

// One after the other: each is measured.
test('Lighthouse', async ({ server }) => {
  test.setTimeout(300_000);
  const { link } = await sent(server, 'looked at by a lighthouse');
  for (const [name, address] of [['/', server.origin], ['/s/{id}', link], ['/security', `${server.origin}/security`]] as const) {
    const scores = await judged(address);
    // What is not meant for search engines is not judged by them.
    if (name === '/s/{id}') delete scores.seo;
    console.log(`lighthouse ${name.padEnd(10)} ${Object.entries(scores).map(([what, score]) => `${what} ${score}`).join(', ')}`);
    for (const [what, score] of Object.entries(scores)) expect.soft(score, `${what} of ${name}`).toBeGreaterThanOrEqual(95);
  }
});
