import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Server } from './server';

/** A port that is free now. */
async function freePort(): Promise<number> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  listener.close();
  await once(listener, 'close');
  return port;
}

/** nginx with the project's own example, but for certificate, ports and paths. */
export class Nginx {
  private constructor(
    readonly origin: string,
    readonly folder: string,
    readonly process: ChildProcess,
  ) {}

  static async before(server: Server): Promise<Nginx> {
    const program = process.env.NGINX;
    if (!program) throw new Error('NGINX names no nginx: run `cargo xtask e2e`');
    const folder = await mkdtemp(join(tmpdir(), 'ikrypt-nginx-'));
    const [port, plain] = [await freePort(), await freePort()];
    const example = await readFile(join(__dirname, '../../deploy/nginx.conf'), 'utf8');
    const changed = example
      .replace('server 127.0.0.1:3000;', `server ${new URL(server.origin).host};`)
      .replace('listen 443 ssl;', `listen 127.0.0.1:${port};`)
      .replace('listen 80;', `listen 127.0.0.1:${plain};`)
      .replace(/^ *ssl_certificate.*\n/gm, '')
      .replace('$host;\n        # In place', `$host:${port};\n        # In place`)
      .replace('/var/log/nginx/ikrypt-error.log', join(folder, 'error.log'));
    const bodies = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`);
    await writeFile(
      join(folder, 'nginx.conf'),
      `daemon off; pid ${folder}/pid; error_log ${folder}/main.log; events {}\nhttp {\n${bodies.join('\n')}\n${changed}}\n`,
    );
    const child = spawn(program, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'inherit' });
    const nginx = new Nginx(`http://127.0.0.1:${port}`, folder, child);
    for (let tries = 0; ; tries++) {
      if (await fetch(`${nginx.origin}/health/live`).then((answer) => answer.ok, () => false)) return nginx;
      if (tries > 100) throw new Error(await readFile(join(folder, 'main.log'), 'utf8'));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** What it wrote about requests. */
  async log(): Promise<string> {
    return readFile(join(this.folder, 'error.log'), 'utf8').catch(() => '');
  }

  async remove(): Promise<void> {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGQUIT');
    await ended;
    await rm(this.folder, { recursive: true });
  }
}
