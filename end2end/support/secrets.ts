import { protocol } from './protocol';
import type { Server } from './server';

export interface Links {
  /** The recipient's link. */
  link: string;
  /** The sender's receipt link. */
  receipt: string;
}

/** Creates a secret without a browser. */
export async function createSecret(server: Server, text: string, { views = 1, ttl = 3600 } = {}): Promise<Links> {
  const sealed = await protocol().seal(text, ttl, views);
  const response = await fetch(`${server.origin}/api/v1/create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(sealed.request),
  });
  if (response.status !== 201) throw new Error(`create: ${response.status} ${await response.text()}`);
  const { id } = (await response.json()) as { id: string };
  return { link: await sealed.link(server.origin, id), receipt: sealed.receipt(server.origin) };
}

/** Returns the id in a link. */
export function idOf(link: string): string {
  const id = /\/s\/([\w-]{16})/.exec(link)?.[1];
  if (!id) throw new Error('the link contains no id');
  return id;
}

/** Returns the value of `k` in the URL fragment. */
export function fragmentOf(link: string): string {
  return new URL(link).hash.slice('#k='.length);
}
