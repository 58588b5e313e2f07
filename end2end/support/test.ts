import { test as base, expect, type BrowserContext, type Page } from '@playwright/test';
import { LoadBalancer } from './load-balancer';
import { Server } from './server';
import { createTestStore, type StoreKind } from './test-store';
import { TrafficRecorder } from './traffic-recorder';
import { BrowserMonitor } from './browser-monitor';

export { expect };

export interface Options {
  /** The database of the servers of this project. */
  store: StoreKind;
  /** Whether `server` is a load balancer in front of two servers. */
  loadBalanced: boolean;
}

interface Fixtures {
  /** Fails the test if anything unexpected happens in a browser. */
  monitor: BrowserMonitor;
  /** Opens a page in a new browser context: another person. */
  openPage: () => Promise<Page>;
  /** A server for this test alone, which may restart or kill it. */
  ownServer: Server;
  /** A proxy in front of `server` that records the traffic of pages that use its origin. */
  recorder: TrafficRecorder;
}

interface WorkerFixtures extends Options {
  /** A server that the tests of a worker share, with its own database. */
  server: Server;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  store: ['sqlite', { option: true, scope: 'worker' }],
  loadBalanced: [false, { option: true, scope: 'worker' }],

  server: [
    async ({ store, loadBalanced }, use) => {
      const server = await Server.startOn(await createTestStore(store));
      if (loadBalanced) {
        const other = await Server.startOn(server.store);
        const balancer = await LoadBalancer.start([server, other]);
        await use(Object.assign(Object.create(server) as Server, { origin: balancer.origin }));
        balancer.close();
        await other.kill();
        expect(other.suspiciousLogLines()).toEqual([]);
        // All tests of a worker may have used servers of their own.
        const idle = balancer.responseCounts.reduce((sum, number) => sum + number) < 2;
        expect(idle || balancer.responseCounts.every((number) => number > 0), balancer.responseCounts.join()).toBe(true);
      } else {
        await use(server);
      }
      await server.remove();
      // Checks the log of all tests of this worker, at level trace.
      expect(server.log).toContain('secrets are kept here');
      expect(server.suspiciousLogLines()).toEqual([]);
    },
    { scope: 'worker' },
  ],

  monitor: [
    async ({ browser, server }, use) => {
      const monitor = new BrowserMonitor();
      monitor.allowOrigin(server.origin);
      const attach = (context: BrowserContext) => monitor.attach(context);
      browser.on('context', attach);
      await use(monitor);
      browser.off('context', attach);
      expect(monitor.violations(), 'unexpected browser messages').toEqual([]);
    },
    { auto: true },
  ],

  openPage: async ({ browser, contextOptions, javaScriptEnabled, locale }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      const context = await browser.newContext({ ...contextOptions, javaScriptEnabled, locale });
      contexts.push(context);
      return context.newPage();
    });
    await Promise.all(contexts.map((context) => context.close()));
  },

  ownServer: async ({ store, monitor }, use) => {
    const server = await Server.startOn(await createTestStore(store));
    monitor.allowOrigin(server.origin);
    await use(server);
    await server.remove();
  },

  recorder: async ({ server, monitor }, use) => {
    const recorder = await TrafficRecorder.start(server);
    monitor.allowOrigin(recorder.origin);
    await use(recorder);
    await recorder.close();
  },
});
