import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '#libs/telemetry';
import { SqlDatabase, until } from '#libs/testing';
import { freeze, kill } from '../../../../libs/testing/src/frozen-leader.ts';
import { Leadership } from './leadership.ts';
import type { LeaderSession } from './session.ts';

/** Twice what a take-over may take. */
const BOUND_MS = 4_000;

class Candidate {
  session: LeaderSession | undefined;
  readonly terms: number[] = [];
  readonly leadership: Leadership;

  constructor(url: string) {
    this.leadership = new Leadership({
      url,
      begin: 'stand by',
      led: (session) => this.lead(session),
      reconnected: () => undefined,
      lost: () => {
        this.session = undefined;
      },
      log: createLogger('test', 'silent'),
    });
  }

  async start(): Promise<this> {
    const session = await this.leadership.start();
    if (session) this.lead(session);
    return this;
  }

  pid = async () =>
    (await this.session?.query<{ pid: number }>({ text: 'select pg_backend_pid() as pid' }))?.[0]?.pid;

  leads = () => until('it leads', () => this.session, BOUND_MS);

  private lead(session: LeaderSession): void {
    this.session = session;
    this.terms.push(session.term);
  }
}

describe('of those who stand for election', () => {
  let database: SqlDatabase;
  let leader: Candidate;
  let standby: Candidate;
  beforeEach(async () => {
    database = await SqlDatabase.create();
    const url = database.url('hg_conductor');
    leader = await new Candidate(url).start();
    standby = await new Candidate(url).start();
  });
  afterEach(async () => {
    for (const { leadership } of [leader, standby]) await leadership.close();
    await database.dispose();
  });

  const isThere = async (pid: number) =>
    (await database.rows('select from pg_stat_activity where pid = $1', [pid])).length > 0;

  it('one leads, and the next one when it is closed', async () => {
    expect([leader.terms, standby.terms]).toEqual([[1], []]);
    await leader.leadership.close();
    await standby.leads();
    expect(standby.terms).toEqual([2]);
  });

  it('another leads when one has died', async () => {
    kill(leader.leadership);
    await standby.leads();
    expect(standby.terms).toEqual([2]);
  });

  it('one that is frozen is ended for another, cannot write when it thaws, and then stands by', async () => {
    const late = leader.session;
    const { pid, thaw } = freeze(leader.leadership);
    const written = late?.query({ text: 'select 1' });
    const refused = expect(written).rejects.toThrow(/terminat/);
    await standby.leads();
    await until('its backend is gone', async () => !(await isThere(pid)));
    thaw();
    await refused;
    await until('it knows', () => leader.session === undefined);
    await expect(late?.query({ text: 'select 1' })).rejects.toThrow('Another Headgate conducts');
    await standby.leadership.close();
    await leader.leads();
    expect([leader.terms, standby.terms]).toEqual([[1, 3], [2]]);
  });

  it('one with much to say is not taken for silent', async () => {
    const said = Array.from({ length: 9 }, () => leader.session?.query({ text: 'select pg_sleep(0.3)' }));
    await Promise.all(said);
    expect([leader.terms, standby.terms]).toEqual([[1], []]);
  });

  it('one says nothing that takes so long that it would be taken for silent', async () => {
    await expect(leader.session?.query({ text: 'select pg_sleep(10)' })).rejects.toMatchObject({
      code: '57014',
    });
    expect([leader.terms, standby.terms]).toEqual([[1], []]);
  });

  it('one that is no longer answered connects again', async () => {
    await standby.leadership.close();
    const before = await leader.pid();
    leader.leadership['connection']?.client.connection.stream.pause();
    expect(await leader.pid().catch(() => leader.pid())).not.toBe(before);
    expect(leader.terms).toEqual([1]);
  });

  it('one begins anew where its place is no more its own', async () => {
    await standby.leadership.close();
    await database.rows('update conductor_leader set term = 7');
    await until('it begins anew', () => leader.terms.length === 2, BOUND_MS);
    expect(leader.terms).toEqual([1, 8]);
  });

  it('one that resigns lets another go first', async () => {
    const { session } = leader;
    if (session) leader.leadership.resign(session);
    expect(leader.session).toBeUndefined();
    await standby.leads();
    expect(standby.terms).toEqual([2]);
  });

  it('all come back after the server has cut everybody off', async () => {
    await database.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'headgate-conductor'`,
    );
    await until('somebody leads', async () => {
      const pids = await Promise.all([leader.pid(), standby.pid()].map((pid) => pid.catch(() => undefined)));
      return pids.filter((pid) => pid !== undefined).length === 1;
    });
  });
});
