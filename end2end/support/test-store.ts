import { Buffer } from 'node:buffer';
import type { TestDatabase } from './database';
import { createPostgresDatabase } from './postgres';
import { createSqliteDatabase } from './sqlite';

export type StoreKind = 'sqlite' | 'postgres';

/** What the tables contain about one secret. */
export interface ViewCounts {
  /** `null` if the row of the secret is deleted. */
  viewsLeft: number | null;
  /** `null` if there is no receipt. */
  viewsUsed: number | null;
}

export async function createTestStore(kind: StoreKind): Promise<TestStore> {
  return new TestStore(await (kind === 'sqlite' ? createSqliteDatabase() : createPostgresDatabase()));
}

/** The database of a server, which tests query directly. */
export class TestStore {
  constructor(readonly database: TestDatabase) {}

  get url(): string {
    return this.database.url;
  }

  async viewCounts(id: string): Promise<ViewCounts> {
    const [row] = await this.database.query(
      `SELECT (SELECT views_left FROM secrets WHERE id = ${this.#idLiteral(id)}) AS views_left,
              (SELECT views_used FROM receipts WHERE id = ${this.#idLiteral(id)}) AS views_used`,
    );
    return { viewsLeft: row?.views_left as number | null, viewsUsed: row?.views_used as number | null };
  }

  /** Returns the number of rows in each table. */
  async rowCounts(): Promise<{ secrets: number; receipts: number; claims: number }> {
    const count = (table: string) => `(SELECT CAST(count(*) AS integer) FROM ${table}) AS ${table}`;
    const [row] = await this.database.query(`SELECT ${['secrets', 'receipts', 'claims'].map(count).join(', ')}`);
    return row as { secrets: number; receipts: number; claims: number };
  }

  /** Sets the expiry of a secret to a second ago. */
  async expire(id: string): Promise<void> {
    const expiry = this.database.timeExpression(Date.now() - 1000);
    for (const table of ['secrets', 'receipts']) {
      await this.database.query(`UPDATE ${table} SET expires_at = ${expiry} WHERE id = ${this.#idLiteral(id)}`);
    }
  }

  remove(): Promise<void> {
    return this.database.remove();
  }

  #idLiteral(id: string): string {
    return this.database.bytesLiteral(Buffer.from(id, 'base64url').toString('hex'));
  }
}
