import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  attemptEvents,
  executorEvent,
  logFaults,
  outsideEvent,
  type RunRef,
  SqlRuns,
  sqlStateOf,
} from '#libs/testing';
import type { Append } from './append.ts';
import { appendCall } from './append-events.ts';

const DEADLOCK = '40P01';

describe('calls that meet', () => {
  let runs: SqlRuns;
  beforeAll(async () => {
    runs = await SqlRuns.create();
    const [row] = await runs.database.rows<{ name: string }>('select current_database() as name');
    await runs.database.rows(`alter database ${row?.name} set deadlock_timeout = '50ms'`);
  });
  afterAll(() => runs.dispose());

  const owned = (ref: RunRef, from: number, to = from): Append => ({
    ...ref,
    attempt: 1,
    from: 'owner',
    events: attemptEvents(to).slice(from - 1),
  });
  const assigned = (count: number) => Promise.all(Array.from({ length: count }, () => runs.assigned()));

  it('do not wait for each other in a circle, in whatever order their runs were given', async () => {
    const refs = await assigned(12);
    for (let n = 1; n <= 40; n += 1) {
      const appends = refs.map((ref) => owned(ref, 1, n));
      await Promise.all([
        runs.append('hg_recorder', ...appends),
        runs.append('hg_recorder', ...appends.toReversed()),
        runs.append('hg_recorder', ...appends.slice(6), ...appends.slice(0, 6)),
      ]);
    }
    for (const ref of refs) {
      const log = await runs.log(ref);
      expect(log).toHaveLength(41);
      expect(logFaults(log)).toEqual([]);
    }
  });

  /**
   * Two calls over the same two runs; each first waits in its middle for a run that a third holds. In one order for all
   * the second waits for the first; against the order each holds what the other wants.
   */
  const meet = async (prepare: (appends: Append[]) => { sql: string; values: unknown[] }) => {
    const [first, one, other, last] = (await assigned(4)).toSorted((a, b) => (a.runId < b.runId ? -1 : 1));
    if (!first || !one || !other || !last) throw new Error('there should be four runs');
    const held = await runs.open('hg_recorder', [owned(one, 1), owned(other, 1)]);
    const send = async (appends: Append[]) => {
      const { sql, values } = prepare(appends);
      return sqlStateOf(runs.pool('hg_recorder').query(`select * from ${sql}`, values));
    };
    const forth = send([owned(first, 1), owned(one, 1), owned(last, 1)]);
    const back = send([owned(last, 1), owned(other, 1), owned(first, 1)]);
    await runs.blocked(2);
    await held.commit();
    return (await Promise.all([forth, back])).toSorted();
  };

  it('lock runs in one order for all', async () => {
    expect(await meet((appends) => appendCall(appends))).toEqual(['none', 'none']);
  });

  it('would wait for each other in a circle if each kept its own order', async () => {
    const inGivenOrder = (appends: Append[]) => {
      const { sql, values } = appendCall(appends);
      const ids = values[1] as string[];
      const order = appends.map(({ runId }) => ids.indexOf(runId));
      const ordinals = new Set([12, 18, 24, 30, 39]);
      return {
        sql,
        values: values.map((value, index) => {
          const column = value as unknown[];
          if (index < 12) return order.map((at) => column[at]);
          return ordinals.has(index) ? column.map((r) => order.indexOf(Number(r) - 1) + 1) : column;
        }),
      };
    };
    expect(await meet(inGivenOrder)).toEqual([DEADLOCK, 'none']);
  });

  it('leave the runs alone that they do not name', async () => {
    const [busy, idle] = await assigned(2);
    if (!busy || !idle) throw new Error('there should be two runs');
    const held = await runs.open('hg_recorder', [owned(busy, 1)]);
    expect(await runs.outcomes('hg_recorder', owned(idle, 1))).toEqual(['written']);
    await held.commit();
  });

  it('do not disturb the other runs of a call, whatever becomes of one', async () => {
    const [open, behind, holed, ending, ended, again] = await assigned(6);
    if (!open || !behind || !holed || !ending || !ended || !again)
      throw new Error('there should be six runs');
    await runs.append('hg_conductor', {
      ...behind,
      attempt: 1,
      from: 'attempt',
      events: [outsideEvent('run.retried')],
    });
    await runs.append('hg_recorder', owned(again, 1, 2), {
      ...ended,
      attempt: 1,
      from: 'owner',
      events: attemptEvents(2, 'run.failed'),
    });
    const message = (ref: RunRef): Append => ({
      ...owned(ref, 1),
      events: [
        executorEvent(1, 'run.started'),
        executorEvent(2, 'message.added', {
          message: { id: ref.runId, nodeId: 'n', role: 'ai', text: '"t"', files: '[]', blobHash: null },
        }),
      ],
    });
    const appended = await runs.append(
      'hg_recorder',
      message(open),
      message(behind),
      { ...owned(holed, 1), events: [...attemptEvents(1), executorEvent(3, 'log')] },
      { ...owned(ending, 1), events: attemptEvents(3, 'run.succeeded') },
      { ...owned(ended, 1), events: attemptEvents(3) },
      owned(again, 2, 3),
    );
    expect(appended.map((one) => one.map(({ outcome }) => outcome))).toEqual([
      ['written', 'written'],
      ['fenced', 'fenced'],
      ['written', 'fenced'],
      ['written', 'written', 'written'],
      ['duplicate', 'duplicate', 'fenced'],
      ['duplicate', 'written'],
    ]);
    expect(await runs.live(open)).toMatchObject({ status: 'running', last_n: 2, last_seq: 3, broken: false });
    expect(await runs.live(behind)).toMatchObject({
      status: 'queued',
      last_n: 0,
      last_seq: 2,
      broken: false,
    });
    expect(await runs.live(holed)).toMatchObject({ status: 'running', last_n: 1, last_seq: 2, broken: true });
    expect(await runs.live(again)).toMatchObject({
      status: 'running',
      last_n: 3,
      last_seq: 4,
      broken: false,
    });
    expect(await runs.row(ending)).toMatchObject({ status: 'succeeded', last_n: 3, last_seq: 4 });
    expect(await runs.row(ended)).toMatchObject({ status: 'failed', last_n: 2, last_seq: 3 });
    expect([await runs.count('message', open), await runs.count('message', behind)]).toEqual([1, 0]);
    for (const ref of [open, behind, holed, ending, ended, again]) {
      expect(logFaults(await runs.log(ref))).toEqual([]);
    }
  });
});
