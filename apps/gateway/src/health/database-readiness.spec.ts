import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createPool, type Pool } from '#libs/database';
import { SqlDatabase } from '#libs/testing';
import { DatabaseReadiness } from './database-readiness.ts';

describe('the readiness of an installation', () => {
  let database: SqlDatabase;
  let pool: Pool;
  beforeAll(async () => {
    database = await SqlDatabase.create();
    pool = database.pool('hg_auth');
  });
  afterEach(() => database.rows('select ensure_event_days()'));
  afterAll(() => database.dispose());

  const report = ({ from = pool, limits = [] as string[] } = {}) =>
    new DatabaseReadiness(from, () => limits).report();

  it('has nothing to say where nothing is wrong', async () => {
    expect(await report()).toEqual({ isReady: true, degraded: [] });
  });

  it('says that the log has no place for tomorrow', async () => {
    const [day] = await database.rows<{ name: string }>(
      `select 'run_event_' || to_char((now() at time zone 'UTC')::date + 1, 'YYYYMMDD') as name`,
    );
    await database.rows(`drop table ${day?.name}`);
    expect(await report()).toEqual({
      isReady: true,
      degraded: ['The event log has no place for the runs of tomorrow.'],
    });
  });

  it('says what others find wrong', async () => {
    const limits = ['One limit.', 'Another.'];
    expect(await report({ limits })).toEqual({ isReady: true, degraded: limits });
  });

  it('is not there without the database', async () => {
    const away = createPool({ url: database.url('hg_auth'), size: 1, name: 'test' });
    await away.end();
    expect(await report({ from: away })).toEqual({
      isReady: false,
      degraded: ['The database cannot be reached.'],
    });
  });
});
