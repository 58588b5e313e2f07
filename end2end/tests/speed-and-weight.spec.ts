import type { Page } from '@playwright/test';
import { SendPage } from '../pages/send';
import { sent } from '../support/secrets';
import { expect, test } from '../support/test';

const RUNS = 10;

test('a link is there within two seconds', async ({ visit, server }) => {
  const sender = await SendPage.of(await visit(), server);
  const times: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    await sender.secret.fill('correct horse battery staple');
    // Measured by the page itself: from the click to the link in the document.
    const measured = sender.page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let clicked = 0;
          addEventListener('click', (event) => (clicked = event.timeStamp), { capture: true, once: true });
          const seen = new MutationObserver(() => {
            if (!document.querySelector<HTMLInputElement>('#link')?.value) return;
            seen.disconnect();
            resolve(performance.now() - clicked);
          });
          seen.observe(document.body, { attributes: true, subtree: true });
        }),
    );
    await sender.createLink.click();
    times.push(await measured);
    await sender.page.getByRole('button', { name: 'Create another' }).click();
  }
  const median = times.sort((a, b) => a - b)[RUNS / 2] ?? Infinity;
  console.log(`speed: link ${median.toFixed(1)} ms`);
  expect(median).toBeLessThan(2000);
});

/** What a first visit loads: address, bytes of the body as it crossed, and how it was compressed. */
async function loaded(page: Page, address: string) {
  const requests: Promise<{ path: string; bytes: number; encoding: string }>[] = [];
  page.on('requestfinished', (request) => {
    const measure = async () => {
      const { pathname } = new URL(request.url());
      const encoding = (await (await request.response())?.headerValue('content-encoding')) ?? 'as it is';
      return { path: pathname, bytes: (await request.sizes()).responseBodySize, encoding };
    };
    requests.push(measure());
  });
  await page.goto(address, { waitUntil: 'networkidle' });
  return Promise.all(requests);
}

test('the pages are light', async ({ visit, server }) => {
  const { link } = await sent(server, 'light');
  // Where it stands, in kB: these ceilings only ever come down.
  for (const [name, address, limit] of [
    ['/s/{id}', link, 120],
    ['/', server.origin, 125],
  ] as const) {
    const files = await loaded(await visit(), address);
    const total = files.reduce((sum, file) => sum + file.bytes, 0);
    const line = (what: string, bytes: number, how: string) =>
      `  ${what.padEnd(32)}${(bytes / 1000).toFixed(1).padStart(7)} kB  ${how}`;
    const path = (file: { path: string }) => file.path.replace(/^\/s\/.*/, '/s/{id}');
    console.log(
      [`page weight of ${name}`, ...files.map((file) => line(path(file), file.bytes, file.encoding)), line('total', total, `of ${limit}`)].join('\n'),
    );
    expect.soft(files.filter((file) => file.path.endsWith('.wasm'))).toHaveLength(1);
    expect.soft(total / 1000, name).toBeLessThanOrEqual(limit);
  }
});
