import { join } from 'node:path';
import { pageStates } from '../support/page-states';
import { test } from '../support/test';

const FOLDER = join(__dirname, '../../screenshots');

for (const [name, enter] of Object.entries(pageStates)) {
  test(`screenshots of ${name}`, async ({ openPage, server, monitor }) => {
    monitor.allowMessages(/./);
    const page = await openPage();
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
