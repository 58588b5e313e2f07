// Version 1 of the protocol with WebCrypto, independent of the crate. WebCrypto has no Argon2id, so the caller passes the
// passphrase key: 32 bytes, or nothing if there is no passphrase.

const { subtle } = crypto;

const ascii = (text) => new TextEncoder().encode(text);
const join = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);
const be32 = (number) => new Uint8Array([number >>> 24, number >>> 16, number >>> 8, number]);
const unbase64 = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const base64 = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** Derives a value with HKDF-SHA-256: one Extract and one Expand. */
async function hkdf(salt, secret, info, length) {
  const key = await subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  return new Uint8Array(await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, key, 8 * length));
}

function paddedLen(n) {
  if (n <= 1024) return 1024;
  const exponent = Math.floor(Math.log2(n));
  const step = 2 ** (exponent - Math.floor(Math.log2(exponent)) - 1);
  return Math.ceil(n / step) * step;
}

async function contentKey(linkKey, share, passphraseKey, header) {
  const root = join(linkKey, passphraseKey ?? new Uint8Array(32));
  const base = await hkdf(ascii("ikrypt/v1 root"), root, join(ascii("ikrypt/v1 content"), header), 32);
  const key = await hkdf(share, base, join(ascii("ikrypt/v1 aes-256-gcm"), header), 32);
  return subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
}

const linkCheck = (linkKey, linkByte, id) =>
  hkdf(ascii("ikrypt/v1 link"), linkKey, join(ascii("ikrypt/v1 link check"), [linkByte], id), 3);

/** Decrypts an envelope, and returns `kind ‖ body`. Throws an error that names the failed step. */
export async function openByWebCrypto(link, envelope, share, passphraseKey) {
  const [, id, fragment] = /\/s\/([\w-]{16})#k=([\w-]{48})$/.exec(link);
  const [linkByte, ...rest] = unbase64(fragment);
  const [linkKey, check] = [new Uint8Array(rest.slice(0, 32)), rest.slice(32)];
  if (!same(check, await linkCheck(linkKey, linkByte, unbase64(id)))) throw new Error("check");

  const bytes = unbase64(envelope);
  const [header, nonce, sealed] = [bytes.slice(0, 4), bytes.slice(4, 16), bytes.slice(16)];
  if (!same(header, [1, 1, passphraseKey ? 1 : 0, 0]) || linkByte !== 0x10 + header[2]) throw new Error("header");
  const key = await contentKey(linkKey, unbase64(share), passphraseKey, header);
  const plain = new Uint8Array(
    await subtle.decrypt({ name: "AES-GCM", iv: nonce, additionalData: header }, key, sealed),
  );

  const end = 5 + new DataView(plain.buffer).getUint32(1);
  if (plain.length !== paddedLen(end) || plain.slice(end).some((byte) => byte !== 0)) throw new Error("padding");
  return join(plain.slice(0, 1), plain.slice(5, end));
}

/** Encrypts `kind ‖ body`, and returns the link, the envelope and the share. */
export async function sealByWebCrypto(payload, linkKey, passphraseKey) {
  const [share, nonce, id] = [32, 12, 12].map((length) => crypto.getRandomValues(new Uint8Array(length)));
  const header = new Uint8Array([1, 1, passphraseKey ? 1 : 0, 0]);
  const framed = join(payload.slice(0, 1), be32(payload.length - 1), payload.slice(1));
  const plain = new Uint8Array(paddedLen(framed.length));
  plain.set(framed);

  const key = await contentKey(linkKey, share, passphraseKey, header);
  const sealed = await subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: header }, key, plain);
  const linkByte = 0x10 + header[2];
  const fragment = join([linkByte], linkKey, await linkCheck(linkKey, linkByte, id));
  return [
    `https://ikrypt.example/s/${base64(id)}#k=${base64(fragment)}`,
    base64(join(header, nonce, new Uint8Array(sealed))),
    base64(share),
  ];
}
