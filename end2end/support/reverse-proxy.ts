import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
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

/** Whether the loopback interface has an IPv6 address: in some containers it has none. */
export const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));

interface Setting {
  folder: string;
  /** Host and port of the server. */
  backend: string;
  /** The port of the pages, and the one that redirects to it. */
  port: number;
  plain: number;
}

interface Kind {
  /** The environment variable that names the program. */
  variable: string;
  /** The example, in deploy/. */
  example: string;
  args: (config: string, folder: string) => string[];
  /** The example with a test's ports and folders, and without TLS. */
  change: (example: string, setting: Setting) => string;
}

/** `text` with each of the parts replaced; it must hold them, so that a changed example is noticed. */
function replaced(text: string, replacements: [part: string, by: string][]): string {
  for (const [part, by] of replacements) {
    if (!text.includes(part)) throw new Error(`the example has no ${part}`);
    text = text.replace(part, by);
  }
  return text;
}

const KINDS = {
  nginx: {
    variable: 'NGINX',
    example: 'nginx.conf',
    args: (config, folder) => ['-p', folder, '-c', config],
    change: (example, { folder, backend, port, plain }) => {
      const server = replaced(example, [
        ['server 127.0.0.1:3000;', `server ${backend};`],
        ['listen 443 ssl;', `listen 127.0.0.1:${port};`],
        ['listen [::]:443 ssl;', hasIpv6 ? `listen [::1]:${port};` : ''],
        ['listen 80;', `listen 127.0.0.1:${plain};`],
        ['listen [::]:80;', hasIpv6 ? `listen [::1]:${plain};` : ''],
        ['/var/log/nginx/ikrypt-error.log', join(folder, 'error.log')],
      ]).replace(/^ *ssl_certificate.*\n/gm, '');
      const bodies = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folder}/${kind};`);
      return `daemon off; pid ${folder}/pid; error_log ${folder}/main.log; events {}\nhttp {\n${bodies.join('\n')}\n${server}}\n`;
    },
  },
  caddy: {
    variable: 'CADDY',
    example: 'Caddyfile',
    args: (config) => ['run', '--config', config, '--adapter', 'caddyfile'],
    change: (example, { backend, port }) =>
      replaced(example, [
        ['{\n', '{\n\tadmin off\n'],
        ['127.0.0.1:3000', backend],
        ['secrets.example.org {', `http://127.0.0.1:${port}${hasIpv6 ? `, http://[::1]:${port}` : ''} {`],
      ]),
  },
  haproxy: {
    variable: 'HAPROXY',
    example: 'haproxy.cfg',
    args: (config) => ['-db', '-f', config],
    change: (example, { backend, port, plain }) => {
      const tls = 'ssl crt /etc/haproxy/secrets.example.org.pem';
      return replaced(example, [
        ['127.0.0.1:3000', backend],
        [`bind :443 ${tls}`, `bind 127.0.0.1:${port}`],
        [`bind [::]:443 v6only ${tls}`, hasIpv6 ? `bind [::1]:${port}` : ''],
        ['bind :80', `bind 127.0.0.1:${plain}`],
        ['bind [::]:80 v6only', hasIpv6 ? `bind [::1]:${plain}` : ''],
      ]);
    },
  },
} satisfies Record<string, Kind>;

export type ReverseProxyKind = keyof typeof KINDS;

/** A reverse proxy with the project's own example, but for certificate, ports and paths. */
export class ReverseProxy {
  private constructor(
    readonly origin: string,
    /** The same over IPv6. */
    readonly origin6: string,
    readonly folder: string,
    readonly process: ChildProcess,
  ) {}

  /** `adapt` changes the example further. */
  static async before(server: Server, kind: ReverseProxyKind, adapt = (config: string) => config): Promise<ReverseProxy> {
    const { variable, example, args, change } = KINDS[kind];
    const program = process.env[variable];
    if (!program) throw new Error(`${variable} names no ${kind}: run \`cargo xtask e2e\``);
    const folder = await mkdtemp(join(tmpdir(), `ikrypt-${kind}-`));
    const [port, plain] = [await freePort(), await freePort()];
    const config = join(folder, example);
    const text = await readFile(join(__dirname, '../../deploy', example), 'utf8');
    await writeFile(config, adapt(change(text, { folder, backend: new URL(server.origin).host, port, plain })));
    const child = spawn(program, args(config, folder), { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder } });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
    const proxy = new ReverseProxy(`http://127.0.0.1:${port}`, `http://[::1]:${port}`, folder, child);
    for (let tries = 0; ; tries++) {
      if (await fetch(`${proxy.origin}/health/live`).then((answer) => answer.ok, () => false)) return proxy;
      if (tries > 100 || child.exitCode !== null) throw new Error(`${kind} does not serve:\n${said}${await proxy.log('main.log')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** What nginx wrote about requests. */
  async log(name = 'error.log'): Promise<string> {
    return readFile(join(this.folder, name), 'utf8').catch(() => '');
  }

  async remove(): Promise<void> {
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    await ended;
    await rm(this.folder, { recursive: true });
  }
}
