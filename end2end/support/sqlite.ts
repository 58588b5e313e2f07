import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Dialect } from './store';

const run = promisify(execFile);

const PYTHON = `
import json, sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=10, isolation_level=None)
found = db.execute(sys.argv[2])
names = [column[0] for column in found.description or []]
print(json.dumps([dict(zip(names, row)) for row in found]))
`;

/** Programs that read a SQLite file beside a running server, in the order in which they are tried: Node 20
 *  has none built in, and what npm has either is compiled on the spot or cannot read a write-ahead log. */
const READERS: [program: string, args: string[]][] = [
  ['python3', ['-c', PYTHON]],
  ['sqlite3', ['-batch', '-json', '-cmd', '.timeout 10000']],
];

/** A SQLite file in a temporary folder. */
export async function sqlite(): Promise<Dialect> {
  const folder = await mkdtemp(join(tmpdir(), 'ikrypt-e2e-'));
  const file = join(folder, 'ikrypt.sqlite');
  return {
    url: `sqlite:${file}`,
    query: (sql) => query(file, sql),
    bytes: (hex) => `x'${hex}'`,
    moment: (milliseconds) => `${milliseconds}`,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function query(file: string, sql: string): Promise<Record<string, unknown>[]> {
  for (const [program, args] of READERS) {
    try {
      const { stdout } = await run(program, [...args, file, sql]);
      return stdout.trim() ? JSON.parse(stdout) : [];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new Error('to look into a SQLite file these tests need python3 or the program sqlite3');
}
