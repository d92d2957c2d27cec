import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AppStartError } from '#libs/kernel';
import {
  catalogueFaults,
  createOwnedDatabase,
  MigrationFolder,
  type SqlDatabase,
  until,
} from '#libs/testing';
import { migrate, readMigrations } from './migrate.ts';

describe('migrating a database', () => {
  let database: SqlDatabase;
  let folder: MigrationFolder;
  beforeEach(async () => {
    database = await createOwnedDatabase();
    folder = MigrationFolder.small();
  });
  afterEach(async () => {
    folder.remove();
    await database.dispose();
  });

  const run = async (path = folder.path) => {
    const applied: string[] = [];
    await migrate(database.url('hg_owner'), path, (name) => applied.push(name));
    return applied;
  };
  const names = async (statement: string) =>
    (await database.rows<{ name: string }>(statement)).map(({ name }) => name);
  const recorded = () =>
    names('select migration_name as name from _prisma_migrations order by started_at, name');
  const tables = () =>
    names(
      `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> '_prisma_migrations'`,
    );

  it('applies what it lacks, in order, and each once', async () => {
    folder.write('020_fill', 'insert into step values (2)');
    folder.write('010_make', 'create table step (number integer); insert into step values (1)');
    expect(await run()).toEqual(['001_days', '010_make', '020_fill']);
    folder.write('030_more', 'insert into step values (3)');
    expect(await run()).toEqual(['030_more']);
    expect(await run()).toEqual([]);
    expect(await database.rows('select number from step')).toEqual([
      { number: 1 },
      { number: 2 },
      { number: 3 },
    ]);
  });

  it('records them as Prisma does', async () => {
    const sql = 'create table step ()';
    folder.write('010_make', sql);
    await run();
    const [row] = await database.rows(
      `select checksum, finished_at >= started_at as is_finished, rolled_back_at, applied_steps_count, length(id) as id_length
       from _prisma_migrations where migration_name = '010_make'`,
    );
    expect(row).toEqual({
      checksum: createHash('sha256').update(sql).digest('hex'),
      is_finished: true,
      rolled_back_at: null,
      applied_steps_count: 1,
      id_length: 36,
    });
  });

  it('lets many start at once', async () => {
    folder.write('010_make', `create table step (number integer); select pg_sleep(0.05)`);
    folder.write('020_fill', 'insert into step values (1)');
    const applied = await Promise.all([run(), run(), run()]);
    expect(applied.toSorted((a, b) => b.length - a.length)).toEqual([
      ['001_days', '010_make', '020_fill'],
      [],
      [],
    ]);
    expect(await database.rows('select number from step')).toEqual([{ number: 1 }]);
    expect(await recorded()).toHaveLength(3);
  });

  it('refuses one that was changed after it was applied, and applies nothing more', async () => {
    folder.write('010_make', 'create table step ()');
    await run();
    folder.write('010_make', 'create table step (number integer)');
    folder.write('005_late', 'create table late ()');
    folder.write('020_next', 'create table next ()');
    const refused = run();
    await expect(refused).rejects.toBeInstanceOf(AppStartError);
    await expect(refused).rejects.toThrow(
      'The migration 010_make was changed after this database had applied it: start the release that the database was made with, or a newer one.',
    );
    expect(await tables()).not.toContain('next');
  });

  it('leaves nothing of one that fails, and takes it again once it is mended', async () => {
    folder.write('010_make', 'create table step (number integer)');
    folder.write('020_fill', 'insert into step values (1); create table half (); select 1/0');
    folder.write('030_next', 'create table next ()');
    const failed = run();
    await expect(failed).rejects.toBeInstanceOf(AppStartError);
    await expect(failed).rejects.toThrow(
      'The migration 020_fill failed (division by zero) and nothing of it was kept: mend that in the database and start again.',
    );
    expect(await recorded()).toEqual(['001_days', '010_make']);
    expect(await tables()).toEqual(['step']);
    expect(await database.rows('select from step')).toEqual([]);
    folder.write('020_fill', 'insert into step values (1)');
    expect(await run()).toEqual(['020_fill', '030_next']);
  });

  it('does not wait for one that failed', async () => {
    folder.write('010_make', 'select 1/0');
    await Promise.allSettled([run(), run()]);
    folder.write('010_make', 'create table step ()');
    expect(await run()).toEqual(['010_make']);
  });

  it('ends its connection, so that others need not wait', async () => {
    await run();
    await expect(run('/nowhere')).rejects.toThrow('ENOENT');
    await until('no connection is left', async () => {
      const left = await database.rows(
        `select from pg_stat_activity where datname = current_database() and application_name = 'headgate-migrate'`,
      );
      return left.length === 0;
    });
  });

  it('brings an empty database to where the product needs it, also where two start at once', async () => {
    const product = MigrationFolder.ofProduct();
    const [first, second] = await Promise.all([run(product.path), run(product.path)]);
    expect([...first, ...second]).toEqual(readMigrations(product.path).map(({ name }) => name));
    expect(await database.trying('select', catalogueFaults)).toEqual([]);
    const days = await names(
      `select relname as name from pg_class where relname ~ '^run_event_\\d{8}$' and relkind = 'r'`,
    );
    expect(days).toHaveLength(9);
    product.remove();
  });

  it('names migrations in the order of their names', () => {
    folder.write('20_b', '');
    folder.write('100_c', '');
    folder.write('020_a', '');
    expect(readMigrations(folder.path).map(({ name }) => name)).toEqual([
      '001_days',
      '020_a',
      '100_c',
      '20_b',
    ]);
  });
});
