import { Buffer } from 'node:buffer';
import { postgres } from './postgres';
import { sqlite } from './sqlite';

export type StoreKind = 'sqlite' | 'postgres';

/** What is different between the databases. */
export interface Dialect {
  /** What the server is told. */
  url: string;
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** Bytes, as a literal. */
  bytes(hex: string): string;
  /** A moment, as an expression. */
  moment(milliseconds: number): string;
  remove(): Promise<void>;
}

/** What the tables hold about one secret. */
export interface Rows {
  /** `null` once the secret's row is gone. */
  viewsLeft: number | null;
  /** `null` where there is no receipt. */
  viewsUsed: number | null;
}

export async function newStore(kind: StoreKind): Promise<Store> {
  return new Store(await (kind === 'sqlite' ? sqlite() : postgres()));
}

/** A database of its own, to be looked into behind the server's back. */
export class Store {
  constructor(readonly dialect: Dialect) {}

  get url(): string {
    return this.dialect.url;
  }

  async rows(id: string): Promise<Rows> {
    const [row] = await this.dialect.query(
      `SELECT (SELECT views_left FROM secrets WHERE id = ${this.#key(id)}) AS views_left,
              (SELECT views_used FROM receipts WHERE id = ${this.#key(id)}) AS views_used`,
    );
    return { viewsLeft: row?.views_left as number | null, viewsUsed: row?.views_used as number | null };
  }

  /** How many secrets, receipts and claims there are in all. */
  async counts(): Promise<{ secrets: number; receipts: number; claims: number }> {
    const count = (table: string) => `(SELECT CAST(count(*) AS integer) FROM ${table}) AS ${table}`;
    const [row] = await this.dialect.query(`SELECT ${['secrets', 'receipts', 'claims'].map(count).join(', ')}`);
    return row as { secrets: number; receipts: number; claims: number };
  }

  /** Lets the time of a secret run out, a second ago. */
  async expire(id: string): Promise<void> {
    const then = this.dialect.moment(Date.now() - 1000);
    for (const table of ['secrets', 'receipts']) {
      await this.dialect.query(`UPDATE ${table} SET expires_at = ${then} WHERE id = ${this.#key(id)}`);
    }
  }

  remove(): Promise<void> {
    return this.dialect.remove();
  }

  #key(id: string): string {
    return this.dialect.bytes(Buffer.from(id, 'base64url').toString('hex'));
  }
}
