import { ReceiptPage } from '../pages/receipt-page';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { LoadBalancer } from '../support/load-balancer';
import { Server } from '../support/server';
import { ikrypt } from '../support/programs';
import { expect, test } from '../support/test';

test('two servers on one database behave as one', async ({ openPage, ownServer, monitor }) => {
  const other = await Server.startOn(ownServer.store);
  const balancer = await LoadBalancer.start([ownServer, other]);
  monitor.allowOrigin(balancer.origin);
  monitor.allowMessages(/status of 403/);
  try {
    const sender = await SendPage.open(await openPage(), balancer);
    await sender.addPassphrase('the right one');
    await sender.chooseViews('3 times');
    const { link, receipt } = await sender.send('from either');

    const recipient = await SecretPage.openReady(await openPage(), link);
    for (const tries of [4, 3, 2]) {
      await recipient.passphrase.fill('a wrong one');
      await recipient.revealButton.click();
      await expect(recipient.page.getByText(`${tries} tries left`)).toBeVisible();
    }
    await recipient.passphrase.fill('the right one');
    expect(await recipient.reveal()).toBe('from either');

    const followed = await ReceiptPage.open(await openPage(), receipt);
    await expect(followed.views).toHaveText('1 of 3 views used.');
    await expect(followed.wrongPassphrases).toContainText('3');
    const both = balancer.responseCounts.every((number) => number > 5);
    expect(both, balancer.responseCounts.join()).toBe(true);

    // A server is killed while a recipient has the page open: claims and counts are in the database.
    const late = await SecretPage.openReady(await openPage(), link);
    await late.passphrase.fill('the right one');
    await other.kill();
    expect(await late.reveal()).toBe('from either');
    await expect(followed.views).toHaveText('2 of 3 views used.', { timeout: 30_000 });

    const { stdout, status } = await ikrypt(['burn', receipt.replace(balancer.origin, ownServer.origin)]);
    expect({ status, output: stdout.toString() }).toMatchObject({ status: 0, output: expect.stringContaining('Burned') });
  } finally {
    balancer.close();
    await other.kill();
  }
});

test('reveal whose response is lost with one server is answered by the other as the same view', async ({ openPage, ownServer, monitor }) => {
  const other = await Server.startOn(ownServer.store);
  const balancer = await LoadBalancer.start([ownServer, other]);
  monitor.allowOrigin(balancer.origin);
  monitor.allowMessages(/ERR_FAILED/);
  try {
    const sender = await SendPage.open(await openPage(), balancer);
    const { link } = await sender.send('once, on either');
    const recipient = await SecretPage.openReady(await openPage(), link);
    let lost = 0;
    await recipient.page.route('**/api/v1/reveal', async (route) => {
      if (lost++ > 0) return route.continue();
      await route.fetch();
      await other.kill();
      return route.abort();
    });
    expect(await recipient.reveal()).toBe('once, on either');
    expect(lost).toBe(2);
  } finally {
    balancer.close();
    await other.kill();
  }
});
