import { test as base, expect, type BrowserContext, type Page } from '@playwright/test';
import { RoundRobin } from './round-robin';
import { Server } from './server';
import { newStore, type StoreKind } from './store';
import { Tap } from './tap';
import { Watch } from './watch';

export { expect };

export interface Options {
  /** Where the servers of this project keep their secrets. */
  store: StoreKind;
  /** Whether requests are taken in turn by two of them. */
  balanced: boolean;
}

interface Fixtures {
  /** Fails the test on whatever it did not announce. */
  watch: Watch;
  /** A person with a browser of their own: the first page of a new context. */
  visit: () => Promise<Page>;
  /** A server that this test may kill. */
  ownServer: Server;
  /** Everything that crosses the network between the pages and `server`, for who goes through it. */
  crossed: Tap;
}

interface WorkerFixtures extends Options {
  /** A server for many tests, with a database of its own. */
  server: Server;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  store: ['sqlite', { option: true, scope: 'worker' }],
  balanced: [false, { option: true, scope: 'worker' }],

  server: [
    async ({ store, balanced }, use) => {
      const server = await Server.on(await newStore(store));
      if (balanced) {
        const other = await Server.on(server.store);
        const balancer = await RoundRobin.over([server, other]);
        await use(Object.assign(Object.create(server) as Server, { origin: balancer.origin }));
        balancer.close();
        await other.kill();
        expect(other.suspicious()).toEqual([]);
        expect(balancer.answered.every((number) => number > 0), balancer.answered.join()).toBe(true);
      } else {
        await use(server);
      }
      await server.remove();
      // Everything that the tests of this worker did was logged at trace.
      expect(server.log).toContain('secrets are kept here');
      expect(server.suspicious()).toEqual([]);
    },
    { scope: 'worker' },
  ],

  watch: [
    async ({ browser, server }, use) => {
      const watch = new Watch();
      watch.allow(server.origin);
      const look = (context: BrowserContext) => watch.over(context);
      browser.on('context', look);
      await use(watch);
      browser.off('context', look);
      expect(watch.complaints(), 'what nobody announced').toEqual([]);
    },
    { auto: true },
  ],

  visit: async ({ browser, contextOptions, javaScriptEnabled, locale }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      const context = await browser.newContext({ ...contextOptions, javaScriptEnabled, locale });
      contexts.push(context);
      return context.newPage();
    });
    await Promise.all(contexts.map((context) => context.close()));
  },

  ownServer: async ({ store, watch }, use) => {
    const server = await Server.on(await newStore(store));
    watch.allow(server.origin);
    await use(server);
    await server.remove();
  },

  crossed: async ({ server, watch }, use) => {
    const tap = await Tap.before(server);
    watch.allow(tap.origin);
    await use(tap);
    await tap.close();
  },
});
