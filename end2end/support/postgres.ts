import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { Dialect } from './store';

/** A database of its own in the PostgreSQL that `DATABASE_URL` names. */
export async function postgres(): Promise<Dialect> {
  const home = process.env.DATABASE_URL;
  if (!home) throw new Error('DATABASE_URL names no PostgreSQL: run `cargo xtask e2e`');
  const name = `e2e_${randomUUID().replaceAll('-', '')}`;
  await query(home, `CREATE DATABASE ${name}`);
  const url = new URL(home);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    query: (sql) => query(url.href, sql),
    bytes: (hex) => `'\\x${hex}'::bytea`,
    moment: (milliseconds) => `to_timestamp(${milliseconds} / 1000.0)`,
    remove: async () => void (await query(home, `DROP DATABASE ${name} WITH (FORCE)`)),
  };
}

async function query(connectionString: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
