import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dayOfId, newId } from '#libs/kernel';
import { attemptEvents, executorEvent, outsideEvent, type RunRef, SqlRuns, sqlStateOf } from '#libs/testing';
import { LOGINS } from './logins.ts';

const NOT_ALLOWED = '42501';
const NO_PARTITION = '23514';

describe('the days of the event log', () => {
  let runs: SqlRuns;
  beforeAll(async () => {
    runs = await SqlRuns.create();
  });
  afterAll(() => runs.dispose());

  /** As if the day had come: the conductor makes days as it does hourly. */
  const ensure = async (day: string) => {
    const { rows } = await runs
      .pool('hg_conductor')
      .query<{ made: number }>('select ensure_event_days($1) as made', [day]);
    return rows[0]?.made;
  };
  const daysIn = async (month: string) =>
    (
      await runs.database.rows<{ name: string }>(
        `select relname as name from pg_class where relname like $1 and relkind = 'r' order by 1`,
        [`run\\_event\\_${month}%`],
      )
    ).map(({ name }) => name);
  /** An id that was made at this time. */
  const idAt = (time: string) => {
    const hex = Date.parse(time).toString(16).padStart(12, '0');
    return `${hex.slice(0, 8)}-${hex.slice(8)}${newId().slice(13)}`;
  };
  const placesOf = ({ runId }: RunRef) =>
    runs.database.rows(
      'select seq, tableoid::regclass::text as place, run_day::text as day from run_event where run_id = $1 order by seq',
      [runId],
    );

  it('are there from yesterday to seven days ahead', async () => {
    const days = Array.from({ length: 9 }, (_, index) =>
      new Date(Date.now() + (index - 1) * 86_400_000).toISOString().slice(0, 10).replaceAll('-', ''),
    );
    const known = await daysIn('2');
    for (const day of days) expect(known).toContain(`run_event_${day}`);
    expect(known).toHaveLength(9);
  });

  it('are made from the day before to seven days after, across months', async () => {
    expect(await ensure('2031-02-27')).toBe(9);
    expect([...(await daysIn('203102')), ...(await daysIn('203103'))]).toEqual(
      ['0226', '0227', '0228', '0301', '0302', '0303', '0304', '0305', '0306'].map(
        (day) => `run_event_2031${day}`,
      ),
    );
  });

  it('are made once, and the next day adds one', async () => {
    expect(await ensure('2032-01-10')).toBe(9);
    expect(await ensure('2032-01-10')).toBe(0);
    expect(await ensure('2032-01-11')).toBe(1);
    expect(await daysIn('203201')).toHaveLength(10);
  });

  it('are made once where many make them', async () => {
    const made = await Promise.all(Array.from({ length: 6 }, () => ensure('2033-01-10')));
    expect(made.toSorted()).toEqual([0, 0, 0, 0, 0, 9]);
    expect(await daysIn('203301')).toHaveLength(9);
  });

  it('are made by the conductor alone, and by who migrates', async () => {
    for (const login of LOGINS) {
      const pool = runs.database.pool(login, 1);
      const state = await sqlStateOf(pool.query(`select ensure_event_days('2034-01-10')`));
      expect([login, state]).toEqual([
        login,
        login === 'hg_conductor' || login === 'hg_owner' ? 'none' : NOT_ALLOWED,
      ]);
    }
  });

  it('are known to whoever asks for one', async () => {
    const has = async (day: string) =>
      (await runs.pool('hg_gateway').query('select has_event_day($1) as has', [day])).rows[0];
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    expect(await has(tomorrow)).toEqual({ has: true });
    expect(await has('2035-01-10')).toEqual({ has: false });
  });

  it('are needed: a run without a day is refused, and nothing of it stays', async () => {
    const id = idAt('2036-05-10T12:00:00Z');
    const run = runs.newRun({ id, idempotency: { route: 'r', key: id, bodyHash: Buffer.from('b') } });
    expect(await sqlStateOf(runs.acceptor.accept(run))).toBe(NO_PARTITION);
    const [left] = await runs.database.rows(
      `select (select count(*) from run where id = $1) + (select count(*) from run_live where run_id = $1)
         + (select count(*) from idempotency where resource_id = $1) as rows`,
      [id],
    );
    expect(left).toEqual({ rows: '0' });
    await ensure('2036-05-10');
    expect(await runs.acceptor.accept(run)).toMatchObject({ isNew: true });
  });

  it('keep each run to the day on which it was made, over midnight', async () => {
    await ensure('2037-07-01');
    const late = await runs.assigned({ id: idAt('2037-06-30T23:59:59.999Z') });
    const early = await runs.assigned({ id: idAt('2037-07-01T00:00:00.000Z') });
    expect([dayOfId(late.runId), dayOfId(early.runId)]).toEqual(['2037-06-30', '2037-07-01']);
    for (const [ref, day] of [
      [late, '2037-06-30'],
      [early, '2037-07-01'],
    ] as const) {
      const append = { ...ref, attempt: 1, from: 'owner' as const };
      await runs.append('hg_recorder', { ...append, events: attemptEvents(1) });
      await runs.append('hg_gateway', {
        ...ref,
        attempt: 1,
        from: 'live',
        events: [outsideEvent('run.cancel_requested')],
      });
      await runs.append('hg_recorder', { ...append, events: [executorEvent(2, 'run.cancelled')] });
      const place = `run_event_${day.replaceAll('-', '')}`;
      expect(await placesOf(ref)).toEqual([1, 2, 3, 4].map((seq) => ({ seq, place, day })));
    }
  });

  it('are made while events are being written', async () => {
    const ref = await runs.assigned();
    const open = await runs.open('hg_recorder', [
      { ...ref, attempt: 1, from: 'owner', events: attemptEvents(1) },
    ]);
    const made = ensure('2038-01-10');
    await runs.blocked();
    await open.commit();
    expect(await made).toBe(9);
  });
});
