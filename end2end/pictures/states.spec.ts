import { join } from 'node:path';
import { states } from '../support/states';
import { test } from '../support/test';

const FOLDER = join(__dirname, '../../screenshots');

for (const [name, enter] of Object.entries(states)) {
  test(name, async ({ visit, server, watch }) => {
    watch.expect(/./);
    const page = await visit();
    await page.setViewportSize({ width: 1280, height: 800 });
    await enter(page, server);
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const file = `${name.replaceAll(/[^\w]+/g, '-')}-${width}-${colorScheme}.png`;
        await page.screenshot({ path: join(FOLDER, file), fullPage: true });
      }
    }
  });
}
