export interface SealedSecret {
  /** The body of the request `create`. */
  request: Record<string, string | number>;
  link(origin: string, id: string): Promise<string>;
  receipt(origin: string): string;
}

export type Protocol = ReturnType<typeof protocol>;

/**
 * Implements version 1 of the protocol for texts without a passphrase, with WebCrypto alone. Written from the
 * specification, independently of the Rust code. The function refers to nothing outside it, so that Playwright can
 * evaluate it in a page; it works in Node too.
 */
export function protocol() {
  type Bytes = Uint8Array<ArrayBuffer>;
  const HEADER = Uint8Array.of(1, 1, 0, 0);
  const LINK_BYTE = 0x10;

  const random = (length: number): Bytes => crypto.getRandomValues(new Uint8Array(length));
  const sha256 = async (data: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  const join = (...parts: (string | Bytes)[]): Bytes => {
    const raw = parts.map((part) => (typeof part === 'string' ? new TextEncoder().encode(part) : part));
    const joined = new Uint8Array(raw.reduce((length, part) => length + part.length, 0));
    raw.reduce((at, part) => (joined.set(part, at), at + part.length), 0);
    return joined;
  };
  const encode = (raw: Bytes): string => {
    const binary = Array.from(raw, (byte) => String.fromCharCode(byte)).join('');
    return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  };
  const decode = (text: string): Bytes =>
    Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));

  // The two steps of HKDF: WebCrypto's `HKDF` only does both at once.
  const extract = async (salt: string | Bytes, ikm: Bytes): Promise<Bytes> => {
    const key = await crypto.subtle.importKey('raw', join(salt), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    return new Uint8Array(await crypto.subtle.sign('HMAC', key, ikm));
  };
  const expand = async (prk: Bytes, length: number, ...info: (string | Bytes)[]): Promise<Bytes> =>
    (await extract(prk, join(...info, Uint8Array.of(1)))).slice(0, length);

  const keySchedule = async (key: Bytes) => {
    const link = await extract('ikrypt/v1 link', key);
    const root = await extract('ikrypt/v1 root', join(key, new Uint8Array(32)));
    const base = await expand(root, 32, 'ikrypt/v1 content', HEADER);
    return {
      access: await expand(link, 32, 'ikrypt/v1 access'),
      reveal: await expand(root, 32, 'ikrypt/v1 reveal', HEADER),
      check: (id: Bytes) => expand(link, 3, 'ikrypt/v1 link check', Uint8Array.of(LINK_BYTE), id),
      cipher: async (share: Bytes) => {
        const raw = await expand(await extract(share, base), 32, 'ikrypt/v1 aes-256-gcm', HEADER);
        return crypto.subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt', 'decrypt']);
      },
    };
  };
  const gcm = (nonce: Bytes) => ({ name: 'AES-GCM', iv: nonce, additionalData: HEADER, tagLength: 128 });

  const paddedLength = (length: number): number => {
    if (length <= 1024) return 1024;
    const exponent = Math.floor(Math.log2(length));
    const mask = 2 ** (exponent - Math.floor(Math.log2(exponent)) - 1) - 1;
    return (length + mask) & ~mask;
  };
  const encodePayload = (text: string): Bytes => {
    const body = new TextEncoder().encode(text);
    const plain = new Uint8Array(paddedLength(5 + body.length));
    plain[0] = 1;
    new DataView(plain.buffer).setUint32(1, body.length);
    plain.set(body, 5);
    return plain;
  };
  const decodePayload = (plain: Bytes): string => {
    const end = 5 + new DataView(plain.buffer).getUint32(1);
    const isWellFormed = plain[0] === 1 && plain.length === paddedLength(end) && plain.slice(end).every((byte) => byte === 0);
    if (!isWellFormed) throw new Error('not a well-formed text');
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain.slice(5, end));
  };

  return {
    encode,
    decode,

    /** Encrypts a text with new keys. */
    async seal(text: string, ttlSeconds: number, maxViews: number): Promise<SealedSecret> {
      const [key, share, token, nonce] = [random(32), random(32), random(32), random(12)];
      const { access, reveal, check, cipher } = await keySchedule(key);
      const ciphertext = await crypto.subtle.encrypt(gcm(nonce), await cipher(share), encodePayload(text));
      return {
        request: {
          envelope: encode(join(HEADER, nonce, new Uint8Array(ciphertext))),
          share: encode(share),
          access_hash: encode(await sha256(access)),
          reveal_hash: encode(await sha256(reveal)),
          receipt_hash: encode(await sha256(token)),
          ttl_seconds: ttlSeconds,
          max_views: maxViews,
        },
        link: async (origin, id) =>
          `${origin}/s/${id}#k=${encode(join(Uint8Array.of(LINK_BYTE), key, await check(decode(id))))}`,
        receipt: (origin) => `${origin}/receipt#t=${encode(token)}`,
      };
    },

    /** Parses a link, and returns the bodies of the requests `open` and `reveal`, and how to decrypt the responses. */
    async parseLink(link: string) {
      const [, id, fragment] = /\/s\/([\w-]{16})#k=([\w-]{48})$/.exec(link) ?? [];
      if (!id || !fragment) throw new Error('not a link');
      const raw = decode(fragment);
      const { access, reveal, check, cipher } = await keySchedule(raw.slice(1, 33));
      const isIntact = raw[0] === LINK_BYTE && encode(raw.slice(33)) === encode(await check(decode(id)));
      if (!isIntact) throw new Error('damaged link');
      return {
        open: { id, access: encode(access) },
        reveal: { id, access: encode(access), reveal: encode(reveal), claim: encode(random(16)) },
        decrypt: async (envelope: string, share: string): Promise<string> => {
          const bytes = decode(envelope);
          if (encode(bytes.slice(0, 4)) !== encode(HEADER)) throw new Error('the header does not match the link');
          const key = await cipher(decode(share));
          const plain = await crypto.subtle.decrypt(gcm(bytes.slice(4, 16)), key, bytes.slice(16));
          return decodePayload(new Uint8Array(plain));
        },
      };
    },
  };
}
