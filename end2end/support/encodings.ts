import { Buffer } from 'node:buffer';

/** Returns the encodings in which a value could appear in network traffic or in a log. */
export function encodingsOf(secret: string | Uint8Array): Buffer[] {
  const raw = Buffer.from(secret as string);
  const hex = raw.toString('hex');
  const escaped = typeof secret === 'string' ? [encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)] : [];
  const encoded = [hex, hex.toUpperCase(), ...[0, 1, 2].flatMap((offset) => base64(raw, offset)), ...escaped];
  return [raw, ...new Set(encoded)].map((form) => Buffer.from(form as string));
}

/** Returns the Base64 characters that depend on these bytes alone, if `offset` other bytes precede them. */
function base64(raw: Buffer, offset: number): string[] {
  const padded = Buffer.concat([Buffer.alloc(offset), raw]);
  const [from, to] = [Math.ceil((offset * 8) / 6), Math.floor((padded.length * 8) / 6)];
  return (['base64', 'base64url'] as const).map((alphabet) => padded.toString(alphabet).slice(from, to));
}

/** Returns the names of the secrets that `haystack` contains in any encoding. */
export function findSecrets(haystack: Buffer, secrets: Record<string, string | Uint8Array>): string[] {
  const contains = (secret: string | Uint8Array) => encodingsOf(secret).some((form) => haystack.includes(form));
  return Object.keys(secrets).filter((name) => contains(secrets[name] ?? ''));
}
