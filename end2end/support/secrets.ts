import { protocol } from './protocol';
import type { Server } from './server';

export interface Links {
  /** For the recipient. */
  link: string;
  /** For the sender. */
  receipt: string;
}

/** Puts a secret on the server without a browser, for tests that are about what comes after. */
export async function sent(server: Server, text: string, { views = 1, ttl = 3600 } = {}): Promise<Links> {
  const made = await protocol().seal(text, ttl, views);
  const response = await fetch(`${server.origin}/api/v1/create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(made.request),
  });
  if (response.status !== 201) throw new Error(`create: ${response.status} ${await response.text()}`);
  const { id } = (await response.json()) as { id: string };
  return { link: await made.link(server.origin, id), receipt: made.receipt(server.origin) };
}

/** The id in a link. */
export function idOf(link: string): string {
  const id = /\/s\/([\w-]{16})/.exec(link)?.[1];
  if (!id) throw new Error('there is no id in this link');
  return id;
}

/** What stands behind the `#`. */
export function fragmentOf(link: string): string {
  return new URL(link).hash.slice('#k='.length);
}
