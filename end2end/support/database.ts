/** A database that a test creates, with what differs between PostgreSQL and SQLite. */
export interface TestDatabase {
  /** The URL for the server. */
  url: string;
  query(sql: string): Promise<Record<string, unknown>[]>;
  /** Returns a literal of these bytes in SQL. */
  bytesLiteral(hex: string): string;
  /** Returns an expression of this time in SQL. */
  timeExpression(milliseconds: number): string;
  remove(): Promise<void>;
}
