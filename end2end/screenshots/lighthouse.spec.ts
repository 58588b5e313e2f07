import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from '@playwright/test';
import { createSecret } from '../support/secrets';
import { expect, test } from '../support/test';

const CATEGORIES = ['performance', 'accessibility', 'best-practices', 'seo'] as const;

/** Returns the scores that Lighthouse gives a page on its simulated slow phone. */
async function lighthouseScores(address: string): Promise<Record<string, number>> {
  const folder = await mkdtemp(join(tmpdir(), 'ikrypt-lighthouse-'));
  const report = join(folder, 'report.json');
  const options = ['--quiet', '--output=json', `--output-path=${report}`, `--only-categories=${CATEGORIES.join(',')}`];
  const isRoot = process.getuid?.() === 0;
  const chrome = `--chrome-flags=--headless=new${isRoot ? ' --no-sandbox' : ''}`;
  const program = join(__dirname, '../node_modules/.bin/lighthouse');
  const env = { ...process.env, CHROME_PATH: process.env.CHROMIUM || chromium.executablePath() };
  await promisify(execFile)(program, [address, ...options, chrome], { env });
  const { categories } = JSON.parse(await readFile(report, 'utf8')) as {
    categories: Record<string, { score: number }>;
  };
  await rm(folder, { recursive: true });
  return Object.fromEntries(CATEGORIES.map((name) => [name, Math.round((categories[name]?.score ?? 0) * 100)]));
}

// Audits one page after the other, since parallel audits would slow each other down.
test('Lighthouse scores of every page are at least 95', async ({ server }) => {
  test.setTimeout(300_000);
  const { link } = await createSecret(server, 'audited by Lighthouse');
  for (const [name, address] of [['/', server.origin], ['/s/{id}', link], ['/security', `${server.origin}/security`]] as const) {
    const scores = await lighthouseScores(address);
    // The recipient's page is not meant for search engines.
    if (name === '/s/{id}') delete scores.seo;
    console.log(`lighthouse ${name.padEnd(10)} ${Object.entries(scores).map(([category, score]) => `${category} ${score}`).join(', ')}`);
    for (const [category, score] of Object.entries(scores)) expect.soft(score, `${category} of ${name}`).toBeGreaterThanOrEqual(95);
  }
});
