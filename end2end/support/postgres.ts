import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { TestDatabase } from './database';

/** Creates a database in the PostgreSQL of `DATABASE_URL`. */
export async function createPostgresDatabase(): Promise<TestDatabase> {
  const serverUrl = process.env.DATABASE_URL;
  if (!serverUrl) throw new Error('DATABASE_URL is not set: run `cargo xtask e2e`');
  const name = `e2e_${randomUUID().replaceAll('-', '')}`;
  await query(serverUrl, `CREATE DATABASE ${name}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    query: (sql) => query(url.href, sql),
    bytesLiteral: (hex) => `'\\x${hex}'::bytea`,
    timeExpression: (milliseconds) => `to_timestamp(${milliseconds} / 1000.0)`,
    remove: async () => void (await query(serverUrl, `DROP DATABASE ${name} WITH (FORCE)`)),
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
