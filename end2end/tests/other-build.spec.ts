import { SecretPage } from '../pages/secret';
import { calls } from '../support/calls';
import { idOf, sent } from '../support/secrets';
import { expect, test } from '../support/test';

// What Chromium logs of a file that is not there.
const MISSING = [/status of 404/, /Failed to fetch dynamically imported module/, /WebAssembly|MIME type|Response|preload/, /net::ERR_ABORTED/];

for (const [kind, pattern] of [
  ['script', /\/pkg\/[^/]*\.js$/],
  ['WebAssembly', /\/pkg\/[^/]*\.wasm$/],
] as const) {
  test(`a page whose ${kind} an update removed is loaded once more, with its fragment`, async ({ visit, server, watch }) => {
    watch.expect(...MISSING);
    const { link } = await sent(server, 'from another build');
    const page = await visit();
    let documents = 0;
    page.on('request', (request) => (documents += request.isNavigationRequest() ? 1 : 0));
    await page.route(pattern, (route) => (documents > 1 ? route.continue() : route.fulfill({ status: 404 })));
    const reader = await SecretPage.ready(page, link);
    expect([documents, page.url()]).toEqual([2, link]);
    expect(await reader.reveal()).toBe('from another build');
  });

  test(`a page whose ${kind} stays away is loaded twice, and then says that nothing was opened`, async ({ visit, server, watch }) => {
    watch.expect(...MISSING);
    const { link } = await sent(server, 'never loaded');
    const page = await visit();
    let documents = 0;
    page.on('request', (request) => (documents += request.isNavigationRequest() ? 1 : 0));
    await page.route(pattern, (route) => route.fulfill({ status: 404 }));
    const asked = calls(page);
    await page.goto(link);
    await expect(page.getByRole('alert')).toContainText('nothing was opened');
    expect([documents, page.url(), asked]).toEqual([2, link, []]);
    expect(await server.store.rows(idOf(link))).toEqual({ viewsLeft: 1, viewsUsed: 0 });
  });
}
