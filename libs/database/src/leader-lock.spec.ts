import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SqlDatabase, sqlStateOf, until } from '#libs/testing';
import { LEADER_UNTIL_MS, renewLead, takeLead, watchLead } from './leader-lock.ts';
import { LOGINS } from './logins.ts';
import { createClient } from './pool.ts';

describe('the lead', () => {
  let database: SqlDatabase;
  const open: ReturnType<typeof createClient>[] = [];
  beforeEach(async () => {
    database = await SqlDatabase.create();
  });
  afterEach(async () => {
    for (const client of open.splice(0)) await client.end();
    await database.dispose();
  });

  const connect = async () => {
    const client = createClient({ url: database.url('hg_conductor'), name: 'test' });
    open.push(client);
    await client.connect();
    return client;
  };
  const pidOf = async (client: ReturnType<typeof createClient>) =>
    (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
  const isSilent = () =>
    database.rows(`update conductor_leader set until = now() - interval '1 millisecond'`);

  it('is had by one, for as long as its connection lasts, in a term higher than the last', async () => {
    const [first, second] = [await connect(), await connect()];
    expect(await takeLead(first, undefined)).toBe(1);
    expect(await takeLead(second, undefined)).toBeUndefined();
    await first.end();
    await until('it is free', async () => (await takeLead(second, undefined)) === 2);
    expect(await renewLead(second, 2)).toBe(true);
  });

  it('is had again in the same term by who comes back before another', async () => {
    for (const [term, taken] of [
      [undefined, 1],
      [1, 1],
      [undefined, 2],
      [1, 3],
    ] as const) {
      const client = await connect();
      expect(await takeLead(client, term)).toBe(taken);
      await client.end();
      await until('it is free', async () => {
        const locks = await database.rows(`select from pg_locks where locktype = 'advisory'
          and database = (select oid from pg_database where datname = current_database())`);
        return locks.length === 0;
      });
    }
  });

  it('is renewed in its term and over its connection only', async () => {
    const [leader, other] = [await connect(), await connect()];
    await takeLead(leader, undefined);
    await isSilent();
    expect([await renewLead(leader, 2), await renewLead(other, 1)]).toEqual([false, false]);
    expect((await watchLead(other))?.leftMs).toBeLessThan(0);
  });

  it('is believed for a while after each renewal, and then its connection is ended', async () => {
    const [leader, other] = [await connect(), await connect()];
    await takeLead(leader, undefined);
    await isSilent();
    await renewLead(leader, 1);
    const seen = await watchLead(other);
    expect(seen?.term).toBe(1);
    expect(seen?.leftMs).toBeGreaterThan(LEADER_UNTIL_MS / 2);
    expect(seen?.leftMs).toBeLessThanOrEqual(LEADER_UNTIL_MS);
    expect(await renewLead(leader, 1)).toBe(true);
    const pid = await pidOf(leader);
    await isSilent();
    await watchLead(other);
    await until('its backend is gone', async () => {
      const rows = await database.rows(`select from pg_stat_activity where pid = ${pid}`);
      return rows.length === 0;
    });
    await expect(renewLead(leader, 1)).rejects.toThrow();
  });

  it('is ended of nobody who does not have it, whatever the row says', async () => {
    const [leader, other, bystander] = [await connect(), await connect(), await connect()];
    await takeLead(leader, undefined);
    await isSilent();
    await database.rows('update conductor_leader set backend_pid = $1', [await pidOf(bystander)]);
    await bystander.query('select pg_advisory_lock(1)');
    await watchLead(other);
    expect([await pidOf(bystander), await pidOf(leader)]).toEqual([expect.any(Number), expect.any(Number)]);
  });

  it('is no matter of other logins', async () => {
    const others = LOGINS.filter((login) => login !== 'hg_conductor' && login !== 'hg_owner');
    for (const login of others)
      expect(await sqlStateOf(database.pool(login).query('select from conductor_leader'))).toBe('42501');
  });
});
