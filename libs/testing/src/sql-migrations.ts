import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '#libs/config';
import { createEmptyDatabase } from './postgres-for-tests.ts';
import { SqlDatabase } from './sql-database.ts';

/** A folder of migrations that a test writes. */
export class MigrationFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'headgate-migrations-'));

  /** The product's own, to go on from. */
  static ofProduct(): MigrationFolder {
    const folder = new MigrationFolder();
    cpSync(join(projectRoot(), 'prisma', 'migrations'), folder.path, { recursive: true });
    return folder;
  }

  /** The least that a migrated database must have. */
  static small(): MigrationFolder {
    const folder = new MigrationFolder();
    folder.write('001_days', 'create function ensure_event_days() returns integer language sql return 0');
    return folder;
  }

  write(name: string, sql: string): void {
    mkdirSync(join(this.path, name), { recursive: true });
    writeFileSync(join(this.path, name, 'migration.sql'), sql);
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A database without a table, of which the owner's login may make one of ours. */
export async function createOwnedDatabase(): Promise<SqlDatabase> {
  const database = SqlDatabase.of(await createEmptyDatabase());
  await database.rows('grant usage, create on schema public to hg_owner');
  await database.rows('grant usage on schema public to hg_gateway, hg_auth, hg_conductor, hg_recorder');
  return database;
}
