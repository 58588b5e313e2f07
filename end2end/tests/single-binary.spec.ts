import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SecretPage } from '../pages/secret-page';
import { SendPage } from '../pages/send-page';
import { StandaloneServer } from '../support/standalone-server';
import { withTemporaryFolder } from '../support/programs';
import { expect, test } from '../support/test';

// Limits with a margin for a busy machine. The measured values are printed.
const MAX_START_MS = 1000;
const MAX_RESIDENT_BYTES = 40 * 1024 * 1024;

test('server binary copied into an empty folder serves the whole product', async ({ openPage, monitor }) => {
  await withTemporaryFolder(async (folder) => {
    const program = join(folder, 'ikrypt-server');
    await copyFile(process.env.IKRYPT_SERVER_BIN!, program);
    const server = await StandaloneServer.start(program, folder, ['--listen', '127.0.0.1:0']);
    monitor.allowOrigin(server.origin);
    const resident = await server.residentMemory();
    console.log(`start to ready ${server.startedAfterMs.toFixed(0)} ms, resident ${(resident / 1024 / 1024).toFixed(1)} MiB`);
    expect(server.startedAfterMs).toBeLessThan(MAX_START_MS);
    expect(resident).toBeLessThan(MAX_RESIDENT_BYTES);

    const sender = await SendPage.open(await openPage(), server);
    await sender.addPassphrase('alone');
    const { link } = await sender.send('with nothing else');
    const recipient = await SecretPage.openReady(await openPage(), link);
    await recipient.passphrase.fill('alone');
    expect(await recipient.reveal()).toBe('with nothing else');

    expect(await server.stop()).toBe(0);
    expect((await readdir(folder)).sort()).toEqual(['data', 'ikrypt-server']);
    expect(await readdir(join(folder, 'data'))).toEqual(['ikrypt.sqlite']);
  });
});
