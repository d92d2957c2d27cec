import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type pg from 'pg';
import { AppStartError, newId } from '#libs/kernel';
import { isOutage } from './outage.ts';
import { createClient } from './pool.ts';

const LOCK = 'headgate.migrate';

/** Applies the migrations that a database lacks, in their order, each in a transaction. Safe when many start at once. */
export async function migrate(
  ownerUrl: string,
  folder: string,
  applied?: (name: string) => void,
): Promise<void> {
  const client = createClient({ url: ownerUrl, name: 'migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock(hashtext($1))', [LOCK]);
    await client.query(MIGRATIONS_TABLE);
    const known = await checksumsOf(client);
    for (const { name, sql, checksum } of readMigrations(folder)) {
      const recorded = known.get(name);
      if (recorded === checksum) continue;
      if (recorded !== undefined)
        throw new AppStartError(
          `The migration ${name} was changed after this database had applied it: start the release that the database was made with, or a newer one.`,
        );
      await applyOne(client, name, sql, checksum);
      applied?.(name);
    }
    await client.query('select ensure_event_days()');
  } finally {
    await client.end();
  }
}

/** The migrations on disk, oldest first, with Prisma's checksum. */
export function readMigrations(folder: string): { name: string; sql: string; checksum: string }[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const sql = readFileSync(join(folder, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function checksumsOf(client: pg.Client): Promise<Map<string, string>> {
  const { rows } = await client.query<{ migration_name: string; checksum: string }>(
    'select migration_name, checksum from _prisma_migrations where finished_at is not null',
  );
  return new Map(rows.map((row) => [row.migration_name, row.checksum]));
}

async function applyOne(client: pg.Client, name: string, sql: string, checksum: string): Promise<void> {
  await client.query('begin');
  try {
    await client.query(sql);
    await client.query(
      `insert into _prisma_migrations (id, migration_name, checksum, started_at, finished_at, applied_steps_count)
       values ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [newId(), name, checksum],
    );
    await client.query('commit');
  } catch (cause) {
    if (isOutage(cause)) throw cause;
    await client.query('rollback');
    throw new AppStartError(
      `The migration ${name} failed (${(cause as Error).message}) and nothing of it was kept: mend that in the database and start again.`,
    );
  }
}

const MIGRATIONS_TABLE = `create table if not exists _prisma_migrations (
  id varchar(36) primary key,
  checksum varchar(64) not null,
  finished_at timestamptz,
  migration_name varchar(255) not null,
  logs text,
  rolled_back_at timestamptz,
  started_at timestamptz not null default now(),
  applied_steps_count integer not null default 0
)`;
