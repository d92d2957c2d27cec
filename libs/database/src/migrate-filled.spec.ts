import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { createOwnedDatabase, fillAllTables, MigrationFolder, type SqlDatabase } from '#libs/testing';
import { migrate } from './migrate.ts';

describe('migrating a filled database', () => {
  let database: SqlDatabase;
  let folder: MigrationFolder;
  let tables: string[];

  beforeEach(async () => {
    database = await createOwnedDatabase();
    folder = MigrationFolder.ofProduct();
    await migrate(database.url('hg_owner'), folder.path);
    await fillAllTables(database, newId());
    await fillAllTables(database, newId());
    const rows = await database.rows<{ name: string }>(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
         and not relispartition and relname <> '_prisma_migrations' order by 1`,
    );
    tables = rows.map(({ name }) => name);
  });
  afterEach(async () => {
    folder.remove();
    await database.dispose();
  });

  /** Adds a column with data to every table; resolves with those in which it missed a row. */
  const missedBy = async () => {
    const changes = tables.map(
      (name) => `alter table ${name} add column moved_by text; update ${name} set moved_by = 'test';`,
    );
    folder.write('99990101000000_notes', changes.join('\n'));
    await migrate(database.url('hg_owner'), folder.path);
    const missed: string[] = [];
    for (const name of tables) {
      const [row] = await database.rows(
        `select count(*)::integer as rows, count(*) filter (where moved_by = 'test')::integer as changed from ${name}`,
      );
      if (JSON.stringify(row) !== '{"rows":2,"changed":2}') missed.push(name);
    }
    return missed;
  };

  it('changes every row of every table', async () => {
    expect(tables.length).toBeGreaterThan(25);
    expect(await missedBy()).toEqual([]);
  });

  it('would change nothing, and say nothing, in a table without the owner’s policy', async () => {
    await database.rows('drop policy owner_all on project');
    await database.rows('drop policy owner_all on run_event');
    expect(await missedBy()).toEqual(['project', 'run_event']);
  });
});
