import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RUN_EVENT_TYPES, RUN_EVENT_WRITERS, type RunEventType } from '#libs/domain';
import { executorEvent, outsideEvent, SqlRuns, sqlStateOf } from '#libs/testing';
import type { Append } from './append.ts';

const LOGINS = ['hg_gateway', 'hg_conductor', 'hg_recorder'] as const;
type Writer = (typeof LOGINS)[number];
const REFUSED = '42501';

/** `run.queued` stands in the table too, but is written where runs are accepted. */
const typesOf = (login: Writer): RunEventType[] =>
  RUN_EVENT_TYPES.filter(
    (type) =>
      type !== 'run.queued' &&
      (RUN_EVENT_WRITERS[type] as readonly string[]).includes(login.replace('hg_', '')),
  );

describe('who appends which events', () => {
  let runs: SqlRuns;
  beforeAll(async () => {
    runs = await SqlRuns.create();
  });
  afterAll(() => runs.dispose());

  it.each(LOGINS)('is the same table in the database as in the domain, for %s', async (login) => {
    const [row] = await runs.database.rows<{ types: string[] }>('select appendable($1) as types', [login]);
    expect(row?.types.toSorted()).toEqual(typesOf(login).toSorted());
  });

  it('is nobody else', async () => {
    for (const login of ['hg_owner', 'hg_auth', 'postgres', 'anybody']) {
      const [row] = await runs.database.rows('select appendable($1) as types', [login]);
      expect(row).toEqual({ types: [] });
    }
  });

  const appendOf = async (login: Writer, type: RunEventType): Promise<Append> => {
    const ref = await runs.assigned();
    const from = { hg_gateway: 'live', hg_conductor: 'attempt', hg_recorder: 'owner' } as const;
    const event = login === 'hg_recorder' ? executorEvent(1, type) : outsideEvent(type);
    return { ...ref, attempt: 1, from: from[login], events: [event] };
  };

  it.each(LOGINS)('lets %s append its own types, and no other', async (login) => {
    const allowed: string[] = [];
    for (const type of RUN_EVENT_TYPES) {
      const append = await appendOf(login, type);
      const state = await sqlStateOf(runs.append(login, append));
      if (state === 'none') allowed.push(type);
      else expect(state).toBe(REFUSED);
      const written = (await runs.log(append)).map((row) => row.type);
      expect(written).toEqual(state === 'none' ? ['run.queued', type] : ['run.queued']);
    }
    expect(allowed.toSorted()).toEqual(typesOf(login).toSorted());
  });

  it('refuses a whole call for one event in it', async () => {
    const own = await appendOf('hg_recorder', 'run.started');
    const foreign = await appendOf('hg_recorder', 'run.retried');
    expect(await sqlStateOf(runs.append('hg_recorder', own, foreign))).toBe(REFUSED);
    expect(await runs.log(own)).toHaveLength(1);
  });

  it('is a matter of three logins alone, and accepting runs of one', async () => {
    const granted = await runs.database.rows(
      `select proname as routine, array_agg(g.grantee::regrole::text order by g.grantee::regrole::text) as logins
       from pg_proc p, aclexplode(p.proacl) g
       where proname in ('accept_runs', 'append_events') and g.grantee <> p.proowner group by 1 order by 1`,
    );
    expect(granted).toEqual([
      { routine: 'accept_runs', logins: ['hg_gateway'] },
      { routine: 'append_events', logins: ['hg_conductor', 'hg_gateway', 'hg_recorder'] },
    ]);
  });
});
