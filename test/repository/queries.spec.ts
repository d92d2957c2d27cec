import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '#libs/config';

/** Reviewed: these ask the database themselves, and why. */
const REVIEWED: Record<string, string> = {
  'apps/conductor/src/leader/connection.ts': 'sets how long a statement of that connection may take',
  'apps/conductor/src/leader/session.ts': "the conductor's one connection, which its stores speak through",
  'apps/conductor/src/timers/housekeeping.ts':
    'calls the routine that makes days, and drops idempotency keys',
  'apps/gateway/src/health/database-readiness.ts': 'asks whether there is a database',
  'apps/recorder/src/recorder.process.ts': 'asks whether there is a database',
  'apps/standalone/src/demo/seed-demo.ts': 'fills an empty installation once',
  'libs/runs/src/run-acceptor.ts': 'the one statement that accepts runs',
  'libs/runs/src/usage-of.ts': 'the one statement that tells what a live run has spent',
};

const QUERIES = [
  /\btx\s*\.\s*\w+\s*\.\s*\w+\s*\(/,
  /\$(?:query|execute)Raw/,
  /\bprisma\s*\.\s*\w+\s*\.\s*\w+\s*\(/,
  /\.query\s*[<(]/,
  /\binsert\s+into\b|\bdelete\s+from\b|\bupdate\s+[\w."]+\s+(?:\w+\s+)?set\b/i,
  /\bselect\s[^'`";]*?\sfrom\s|['`"]\s*select\s/i,
];

function asks(text: string): boolean {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|(?<![:'"`])\/\/.*$/gm, '');
  return QUERIES.some((query) => query.test(code));
}

const mayAsk = (file: string) => /^libs\/(?:database|testing)\/|\.(?:store|spec)\.ts$/.test(file);

describe('queries', () => {
  it('stand in stores and in the database lib, or where it was reviewed', () => {
    const files = globSync('{apps,libs}/**/*.ts', { cwd: projectRoot() }).map((file) =>
      file.replaceAll('\\', '/'),
    );
    expect(files.filter((file) => file.endsWith('.store.ts')).length).toBeGreaterThan(10);
    const found = files.filter(
      (file) => !mayAsk(file) && asks(readFileSync(join(projectRoot(), file), 'utf8')),
    );
    expect(found.sort()).toEqual(Object.keys(REVIEWED));
  });

  it.each([
    'const flow = await tx.flow.findFirst({ where: { id } });',
    'const flow = await tx\n      .flow.findFirst({ where: { id } });',
    'await tx.$executeRaw`refresh`;',
    'await this.prisma.organization.count();',
    'const { rows } = await this.pool.query<Row>(text);',
    'const text = `insert into run (id) values ($1)`;',
    "const text = 'DELETE FROM run';",
    'const text = `update run r set status = $1`;',
    'const text = `\n  select id, status\n  from run`;',
    "const text = 'select now()';",
  ])('are noticed: %s', (text) => {
    expect(asks(text)).toBe(true);
  });

  it.each([
    'await this.deployments.get(tx, id);',
    '/** Those who select a run from the list. */',
    '// insert into the queue',
    "const url = 'https://select.example/from';",
    'const { query } = request;',
  ])('are not taken for: %s', (text) => {
    expect(asks(text)).toBe(false);
  });
});
