import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestDatabase } from './database';

const run = promisify(execFile);

const PYTHON = `
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=10, isolation_level=None)
rows = db.execute(sys.argv[2])
names = [column[0] for column in rows.description or []]
print(json.dumps([dict(zip(names, row)) for row in rows]))
`;

/** Programs that can query a SQLite file while a server uses it, in the order in which they are tried. Node 20 has
 *  no SQLite, and the npm packages either compile C on installation or cannot read a write-ahead log. */
const QUERY_PROGRAMS: [program: string, args: string[]][] = [
  ['python3', ['-c', PYTHON]],
  ['sqlite3', ['-batch', '-json', '-cmd', '.timeout 10000']],
];

/** Creates a temporary folder for a SQLite file. */
export async function createSqliteDatabase(): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'ikrypt-e2e-'));
  const file = join(folder, 'ikrypt.sqlite');
  return {
    url: `sqlite:${file}`,
    query: (sql) => query(file, sql),
    bytesLiteral: (hex) => `x'${hex}'`,
    timeExpression: (milliseconds) => `${milliseconds}`,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function query(file: string, sql: string): Promise<Record<string, unknown>[]> {
  for (const [program, args] of QUERY_PROGRAMS) {
    try {
      const { stdout } = await run(program, [...args, file, sql]);
      return stdout.trim() ? JSON.parse(stdout) : [];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error('these tests need python3 or the program sqlite3 to query a SQLite file');
}
