import { Buffer } from 'node:buffer';
import { InterceptingProxy } from '../support/intercepting-proxy';
import { ikrypt } from '../support/programs';
import { expect, test } from '../support/test';

test('unchanged server passes verification', async ({ server }) => {
  const { status, stdout } = await ikrypt(['verify', server.origin]);
  expect({ status, output: stdout.toString() }).toMatchObject({ status: 0, output: expect.stringContaining('serves what was built from this source') });
});

for (const [what, path, change] of [
  ['a script', /\/pkg\/.*\.js$/, (body: Buffer) => Buffer.concat([body.subarray(0, -1), Buffer.from([body.at(-1)! ^ 1])])],
  ['a byte of the WebAssembly', /\.wasm$/, (body: Buffer) => Buffer.concat([body.subarray(0, -1), Buffer.from([body.at(-1)! ^ 1])])],
  ['the ping of a link', /^\/$/, (body: Buffer) => Buffer.from(body.toString().replaceAll('<a href=', '<a ping="/collect" href='))],
  ['an attribute in a page', /^\/s\//, (body: Buffer) => Buffer.from(body.toString().replace('<main', '<main onclick="x()"'))],
  ['the list of scripts', /^\/$/, (body: Buffer) => Buffer.from(body.toString().replace('</head>', '<script src="https://evil.example/x.js"></script></head>'))],
] as const) {
  test(`verification fails if ${what} was changed`, async ({ server }) => {
    const proxy = await InterceptingProxy.start(server, (response) => {
      // Compressed responses stay unchanged: an attack may target clients that request uncompressed bytes.
      if (response.headers['content-encoding'] || !path.test(response.path)) return response;
      return { ...response, body: change(response.body) };
    });
    const { status, stdout, stderr } = await ikrypt(['verify', proxy.origin]);
    expect({ status, stdout: stdout.toString() }).toEqual({ status: 6, stdout: '' });
    expect(stderr).toContain('does not serve what was built from this source');
    proxy.close();
  });
}

test('verification fails if the content security policy was weakened', async ({ server }) => {
  const proxy = await InterceptingProxy.start(server, (response) => {
    const policy = response.headers['content-security-policy'];
    if (typeof policy !== 'string') return response;
    return { ...response, headers: { ...response.headers, 'content-security-policy': policy.replace("connect-src 'self'", 'connect-src *') } };
  });
  expect(await ikrypt(['verify', proxy.origin])).toMatchObject({ status: 6, stderr: expect.stringContaining('another content-security-policy') });
  proxy.close();
});
