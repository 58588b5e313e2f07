import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen } from './listen';
import type { Server } from './server';

/** Returns a port that is free now. */
async function freePort(): Promise<number> {
  const listener = createServer();
  const origin = await listen(listener);
  listener.close();
  await once(listener, 'close');
  return Number(new URL(origin).port);
}

/** Whether the loopback interface has an IPv6 address. In some containers it has none. */
export const hasIpv6 = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));

interface Placement {
  folder: string;
  /** Host and port of the server. */
  backend: string;
  /** The port of the pages. */
  port: number;
  /** The port that redirects to it. */
  redirectPort: number;
}

interface Kind {
  /** The environment variable with the path of the program. */
  variable: string;
  /** The file name of the example in deploy/. */
  example: string;
  args: (config: string, folder: string) => string[];
  /** Returns the example with the ports and folders of a test, and without TLS. */
  adapt: (example: string, placement: Placement) => string;
}

/** Replaces the first occurrence of each part. Fails if there is none, since the example has changed then. */
function replaceParts(text: string, replacements: [part: string, by: string][]): string {
  for (const [part, by] of replacements) {
    if (!text.includes(part)) throw new Error(`the example does not contain ${part}`);
    text = text.replace(part, by);
  }
  return text;
}

const KINDS = {
  nginx: {
    variable: 'NGINX',
    example: 'nginx.conf',
    args: (config, folder) => ['-p', folder, '-c', config],
    adapt: (example, { folder, backend, port, redirectPort }) => {
      const server = replaceParts(example, [
        ['server 127.0.0.1:3000;', `server ${backend};`],
        ['listen 443 ssl;', `listen 127.0.0.1:${port};`],
        ['listen [::]:443 ssl;', hasIpv6 ? `listen [::1]:${port};` : ''],
        ['listen 80;', `listen 127.0.0.1:${redirectPort};`],
        ['listen [::]:80;', hasIpv6 ? `listen [::1]:${redirectPort};` : ''],
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
    adapt: (example, { backend, port }) =>
      replaceParts(example, [
        ['{\n', '{\n\tadmin off\n'],
        ['127.0.0.1:3000', backend],
        ['secrets.example.org {', `http://127.0.0.1:${port}${hasIpv6 ? `, http://[::1]:${port}` : ''} {`],
      ]),
  },
  haproxy: {
    variable: 'HAPROXY',
    example: 'haproxy.cfg',
    args: (config) => ['-db', '-f', config],
    adapt: (example, { backend, port, redirectPort }) => {
      const tls = 'ssl crt /etc/haproxy/secrets.example.org.pem';
      return replaceParts(example, [
        ['127.0.0.1:3000', backend],
        [`bind :443 ${tls}`, `bind 127.0.0.1:${port}`],
        [`bind [::]:443 v6only ${tls}`, hasIpv6 ? `bind [::1]:${port}` : ''],
        ['bind :80', `bind 127.0.0.1:${redirectPort}`],
        ['bind [::]:80 v6only', hasIpv6 ? `bind [::1]:${redirectPort}` : ''],
      ]);
    },
  },
} satisfies Record<string, Kind>;

export type ReverseProxyKind = keyof typeof KINDS;

/** A reverse proxy that runs the example of deploy/ with other certificates, ports and paths. */
export class ReverseProxy {
  private constructor(
    readonly origin: string,
    /** The origin over IPv6. */
    readonly origin6: string,
    readonly folder: string,
    readonly process: ChildProcess,
  ) {}

  /** Starts the proxy. `change` is applied to the configuration. */
  static async start(server: Server, kind: ReverseProxyKind, change = (config: string) => config): Promise<ReverseProxy> {
    const { variable, example, args, adapt } = KINDS[kind];
    const program = process.env[variable];
    if (!program) throw new Error(`${variable} is not set: run \`cargo xtask e2e\``);
    const folder = await mkdtemp(join(tmpdir(), `ikrypt-${kind}-`));
    const [port, redirectPort] = [await freePort(), await freePort()];
    const config = join(folder, example);
    const text = await readFile(join(__dirname, '../../deploy', example), 'utf8');
    await writeFile(config, change(adapt(text, { folder, backend: new URL(server.origin).host, port, redirectPort })));
    const child = spawn(program, args(config, folder), { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
    const proxy = new ReverseProxy(`http://127.0.0.1:${port}`, `http://[::1]:${port}`, folder, child);
    for (let tries = 0; ; tries++) {
      if (await fetch(`${proxy.origin}/health/live`).then((response) => response.ok, () => false)) return proxy;
      if (tries > 100 || child.exitCode !== null) throw new Error(`${kind} does not answer:\n${output}${await proxy.log('main.log')}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Returns a log of nginx, by default the one of requests. */
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
