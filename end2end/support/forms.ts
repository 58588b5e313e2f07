import { Buffer } from 'node:buffer';

/** The ways in which bytes could be written into something that crosses the network, or into a log. */
export function formsOf(secret: string | Uint8Array): Buffer[] {
  const raw = Buffer.from(secret as string);
  const hex = raw.toString('hex');
  const text = typeof secret === 'string' ? [encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)] : [];
  const written = [hex, hex.toUpperCase(), ...[0, 1, 2].flatMap((offset) => base64(raw, offset)), ...text];
  return [raw, ...new Set(written)].map((form) => Buffer.from(form as string));
}

/** The characters that stand for these bytes alone, when `offset` other bytes come before them. */
function base64(raw: Buffer, offset: number): string[] {
  const padded = Buffer.concat([Buffer.alloc(offset), raw]);
  const [from, to] = [Math.ceil((offset * 8) / 6), Math.floor((padded.length * 8) / 6)];
  return (['base64', 'base64url'] as const).map((alphabet) => padded.toString(alphabet).slice(from, to));
}

/** The names of those secrets that can be found in `where`, in any form. */
export function found(where: Buffer, secrets: Record<string, string | Uint8Array>): string[] {
  const holds = (secret: string | Uint8Array) => formsOf(secret).some((form) => where.includes(form));
  return Object.keys(secrets).filter((name) => holds(secrets[name] ?? ''));
}
