import { ReceiptPage } from '../pages/receipt';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { RoundRobin } from '../support/round-robin';
import { Server } from '../support/server';
import { ikrypt } from '../support/terminal';
import { expect, test } from '../support/test';

test('two servers on one database take requests in turn, and nobody notices', async ({ visit, ownServer, watch }) => {
  const other = await Server.on(ownServer.store);
  const balancer = await RoundRobin.over([ownServer, other]);
  watch.allow(balancer.origin);
  watch.expect(/status of 403/);
  try {
    const sender = await SendPage.of(await visit(), balancer);
    await sender.addPassphrase('the right one');
    await sender.chooseViews('3 times');
    const { link, receipt } = await sender.send('from either');

    const reader = await SecretPage.ready(await visit(), link);
    for (const tries of [4, 3, 2]) {
      await reader.passphrase.fill('a wrong one');
      await reader.revealButton.click();
      await expect(reader.page.getByText(`${tries} tries left`)).toBeVisible();
    }
    await reader.passphrase.fill('the right one');
    expect(await reader.reveal()).toBe('from either');

    const followed = await ReceiptPage.of(await visit(), receipt);
    await expect(followed.views).toHaveText('1 of 3 views used.');
    await expect(followed.wrongPassphrases).toContainText('3');
    const both = balancer.answered.every((number) => number > 5);
    expect(both, balancer.answered.join()).toBe(true);

    // One is killed while a reader has the page open: the claim and the counts are in the database.
    const late = await SecretPage.ready(await visit(), link);
    await late.passphrase.fill('the right one');
    await other.kill();
    expect(await late.reveal()).toBe('from either');
    await expect(followed.views).toHaveText('2 of 3 views used.', { timeout: 30_000 });

    const { stdout, status } = await ikrypt(['burn', receipt.replace(balancer.origin, ownServer.origin)]);
    expect({ status, said: stdout.toString() }).toMatchObject({ status: 0, said: expect.stringContaining('Burned') });
  } finally {
    balancer.close();
    await other.kill();
  }
});

test('a reveal whose answer is lost with one server is answered by the other, as the same view', async ({ visit, ownServer, watch }) => {
  const other = await Server.on(ownServer.store);
  const balancer = await RoundRobin.over([ownServer, other]);
  watch.allow(balancer.origin);
  watch.expect(/ERR_FAILED/);
  try {
    const sender = await SendPage.of(await visit(), balancer);
    const { link } = await sender.send('once, on either');
    const reader = await SecretPage.ready(await visit(), link);
    let lost = 0;
    await reader.page.route('**/api/v1/reveal', async (route) => {
      if (lost++ > 0) return route.continue();
      await route.fetch();
      await other.kill();
      return route.abort();
    });
    expect(await reader.reveal()).toBe('once, on either');
    expect(lost).toBe(2);
  } finally {
    balancer.close();
    await other.kill();
  }
});
