import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SecretPage } from '../pages/secret';
import { SendPage } from '../pages/send';
import { Alone } from '../support/alone';
import { inFolder } from '../support/terminal';
import { expect, test } from '../support/test';

// Ceilings with room for a machine that does other things too; what is found is printed.
const START_MS = 1000;
const RESIDENT = 40 * 1024 * 1024;

test('one file, copied alone into an empty folder, is the whole product', async ({ visit, watch }) => {
  await inFolder(async (folder) => {
    const program = join(folder, 'ikrypt-server');
    await copyFile(process.env.IKRYPT_SERVER_BIN!, program);
    const alone = await Alone.start(program, folder, ['--listen', '127.0.0.1:0']);
    watch.allow(alone.origin);
    const resident = await alone.resident();
    console.log(`start to ready ${alone.startedAfterMs.toFixed(0)} ms, resident ${(resident / 1024 / 1024).toFixed(1)} MiB`);
    expect(alone.startedAfterMs).toBeLessThan(START_MS);
    expect(resident).toBeLessThan(RESIDENT);

    const sender = await SendPage.of(await visit(), alone);
    await sender.addPassphrase('alone');
    const { link } = await sender.send('with nothing else');
    const reader = await SecretPage.ready(await visit(), link);
    await reader.passphrase.fill('alone');
    expect(await reader.reveal()).toBe('with nothing else');

    expect(await alone.stop()).toBe(0);
    expect((await readdir(folder)).sort()).toEqual(['data', 'ikrypt-server']);
    expect(await readdir(join(folder, 'data'))).toEqual(['ikrypt.sqlite']);
  });
});
