import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { EgressAllow } from '#libs/config';
import { createPool, type Pool } from '#libs/database';
import { ProcessDriver } from '#libs/sandbox';
import { SqlDatabase } from '#libs/testing';
import { StandaloneReadiness } from './standalone-readiness.ts';

describe('the readiness of an installation', () => {
  let database: SqlDatabase;
  let pool: Pool;
  beforeAll(async () => {
    database = await SqlDatabase.create();
    pool = database.pool('hg_auth');
  });
  afterEach(() => database.rows('select ensure_event_days()'));
  afterAll(() => database.dispose());

  class KeepingDriver extends ProcessDriver {
    override readonly guarantees: ProcessDriver['guarantees'] = ['env', 'kill', 'net'];
  }
  const report = ({ driver = new KeepingDriver(), egress = '', from = pool } = {}) =>
    new StandaloneReadiness(from, EgressAllow.parse(egress), driver).report();

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

  it("says that its driver keeps no strangers' code in", async () => {
    expect(await report({ driver: new ProcessDriver() })).toEqual({
      isReady: true,
      degraded: [`The sandbox driver "process" keeps no strangers' code in: only built-in components run.`],
    });
  });

  it('says where flows may go although it is private, as it was allowed', async () => {
    expect(await report({ egress: 'model.internal, 10.0.0.0/8,[fd00::1]:8080' })).toEqual({
      isReady: true,
      degraded: ['Flows may reach model.internal, 10.0.0.0/8, [fd00::1]:8080 (HEADGATE_EGRESS_ALLOW).'],
    });
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
