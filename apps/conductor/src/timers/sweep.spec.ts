import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  attemptEvents,
  executorEvent,
  outsideEvent,
  playExecutor,
  type Runnable,
  type RunRef,
  TestConductor,
} from '#libs/testing';
import { keepHouse } from './housekeeping.ts';

let test: TestConductor;
let runnable: Runnable;
let executorId: string;
beforeEach(async () => {
  executorId = playExecutor();
  test = await TestConductor.create();
  runnable = await test.runnable();
});
afterEach(() => test.dispose());

const set = (ref: RunRef, columns: string) =>
  test.runs.database.rows(`update run_live set ${columns} where run_id = $1`, [ref.runId]);
const end = async (ref: RunRef) => {
  const { status, error } = await test.runs.row(ref);
  const last = (await test.runs.log(ref)).at(-1);
  return { status, type: last?.type, error, data: JSON.parse(last?.data ?? '{}') as unknown };
};

describe('a sweep', () => {
  it('places runs whose hint was lost', async () => {
    const { runId } = await test.runs.queued(runnable);
    test.heard();
    await test.place();
    expect(test.assignments()).toEqual([]);
    await test.sweep();
    await test.place();
    const [command] = await test.told('assign');
    expect(command?.assignment.runId).toBe(runId);
  });

  it('ends and places runs however long ago they were accepted', async () => {
    const [expired, queued] = [await test.runs.queued(runnable), await test.runs.queued(runnable)];
    await test.runs.database.rows("update run set created_at = created_at - interval '1000 days'");
    await set(expired, 'expires_at = now()');
    test.heard();
    await test.sweep();
    expect(await end(expired)).toMatchObject({ status: 'timed_out', data: { usage: { computeMs: 0 } } });
    await test.place();
    const [command] = await test.told('assign');
    expect(command?.assignment.runId).toBe(queued.runId);
  });

  it('expires no run that has left the queue once, however late it comes back', async () => {
    const ref = await test.assigned(runnable, executorId);
    const claim = test.term.claims.get(ref.runId);
    if (!claim) throw new Error('it is not claimed');
    test.heard({ executorId, isDraining: true });
    await test.term['takeback'].takeAway(claim, 'it was given back', false);
    await set(ref, 'expires_at = now()');
    await test.sweep();
    expect(await test.runs.live(ref)).toMatchObject({ status: 'queued', attempt: 1 });
  });

  it('decides of the others where it cannot decide of one', async () => {
    const [odd, other] = [await test.runs.queued(runnable), await test.runs.queued(runnable)];
    for (const ref of [odd, other]) await set(ref, 'expires_at = now()');
    const { takeback } = test.term['sweep']['options'];
    const expireQueued = takeback.expireQueued.bind(takeback);
    takeback.expireQueued = async (run) => {
      if (run.runId === odd.runId) throw new Error('it cannot be written');
      return expireQueued(run);
    };
    await expect(test.sweep()).rejects.toThrow('it cannot be written');
    expect(await end(other)).toMatchObject({ status: 'timed_out' });
  });

  it('ends a run whose executor holds it long beyond its time', async () => {
    const [held, other] = [
      await test.assigned(runnable, executorId),
      await test.assigned(runnable, executorId),
    ];
    const claim = test.term.claims.get(held.runId);
    if (!claim) throw new Error('it is not claimed');
    claim.claimedAtMs -= (claim.timeoutSeconds + 3_599) * 1_000;
    await test.sweep();
    expect(await end(held)).toMatchObject({ status: null });
    claim.claimedAtMs -= 2_000;
    await test.sweep();
    expect(await end(held)).toMatchObject({
      status: 'timed_out',
      type: 'run.timed_out',
      data: { error: { code: 'run.timed_out' } },
    });
    expect(test.term.claims.get(held.runId)).toBeUndefined();
    expect(await end(other)).toMatchObject({ status: null });
    expect((await test.told('cancel')).map(({ runId }) => runId)).toEqual([held.runId]);
  });

  it.each(['queued', 'waiting'])('cancels a run that is %s, for which nothing runs', async (state) => {
    const ref = await test.runs.queued(runnable);
    await test.runs.outcomes('hg_gateway', {
      ...ref,
      attempt: 0,
      from: 'live',
      events: [outsideEvent('run.cancel_requested')],
    });
    await set(ref, `status = '${state}'`);
    await test.sweep();
    expect(await end(ref)).toMatchObject({
      status: 'cancelled',
      type: 'run.cancelled',
      error: null,
      data: { confirmed: true, usage: { attempts: 0 } },
    });
  });

  it('asks the executor to stop a run that is to be cancelled, and leaves the end to it', async () => {
    const ref = await test.assigned(runnable, executorId);
    await set(ref, 'cancel_requested_at = now()');
    await test.sweep();
    expect(await test.told('cancel')).toMatchObject([{ executorId, runId: ref.runId, attempt: 1 }]);
    expect(await test.runs.live(ref)).toMatchObject({ status: 'assigned' });
  });

  it('ends what its executor has not confirmed in time, and says so', async () => {
    const ref = await test.assigned(runnable, executorId);
    await set(ref, `cancel_requested_at = now() - interval '9 seconds'`);
    await test.sweep();
    expect(await test.runs.live(ref)).toBeDefined();
    await set(ref, `cancel_requested_at = now() - interval '11 seconds'`);
    await test.sweep();
    expect(await end(ref)).toMatchObject({ status: 'cancelled', data: { confirmed: false } });
    expect(test.term.claims.size).toBe(0);
  });

  it('ends what has waited in the queue longer than it may, and only there', async () => {
    const [late, early] = [await test.runs.queued(runnable), await test.runs.queued(runnable)];
    const running = await test.assigned(runnable, executorId);
    for (const ref of [late, running]) await set(ref, `expires_at = now() - interval '1 second'`);
    const { leaseStore } = test.term['sweep']['options'];
    expect((await leaseStore.overdue()).map(({ runId }) => runId)).toEqual([late.runId]);
    await test.sweep();
    const { error, ...rest } = await end(late);
    expect(rest).toMatchObject({ status: 'timed_out', type: 'run.timed_out' });
    expect(JSON.parse(error ?? '')).toMatchObject({ code: 'run.queue_expired' });
    expect(await test.runs.live(early)).toMatchObject({ status: 'queued' });
    expect(await test.runs.live(running)).toMatchObject({ status: 'assigned' });
  });

  it('takes an attempt away that a hole has broken, as a failure', async () => {
    const ref = await test.assigned(runnable, executorId);
    const [first] = attemptEvents(1);
    if (!first) throw new Error('no event');
    const append = { ...ref, attempt: 1, from: 'owner' as const };
    await test.runs.outcomes('hg_recorder', { ...append, events: [first] });
    await test.runs.outcomes('hg_recorder', { ...append, events: [executorEvent(3, 'log')] });
    await test.sweep();
    expect(await test.runs.live(ref)).toMatchObject({ status: 'queued', failures: 1, broken: false });
    expect((await test.runs.log(ref)).map(({ type }) => type)).toEqual([
      'run.queued',
      'run.started',
      'run.retried',
    ]);
    await test.told('cancel');
  });

  it('decides nothing for a run with which all is well', async () => {
    const ref = await test.assigned(runnable, executorId);
    await test.sweep();
    await new Promise(setImmediate);
    expect(test.commands.map(({ kind }) => kind)).toEqual(['assign']);
    expect(await test.runs.live(ref)).toMatchObject({ status: 'assigned', attempt: 1 });
  });
});

describe('the housekeeping', () => {
  it('makes the days of the log to come', async () => {
    const [before] = await test.runs.database.rows<{ name: string }>(
      `select 'run_event_' || to_char((now() at time zone 'UTC')::date + 7, 'YYYYMMDD') as name`,
    );
    await test.runs.database.rows(`drop table ${before?.name}`);
    await keepHouse(test.term.session);
    expect(
      await test.runs.database.rows('select from pg_class where relname = $1', [before?.name]),
    ).toHaveLength(1);
  });

  it('forgets idempotency keys after a day, and none before', async () => {
    const insert = (age: string) =>
      test.runs.database.rows(
        `insert into idempotency (org_id, principal_id, route, key, body_hash, resource_id, created_at)
         values ($1, $1, 'r', $2::text, '', $1, now() - $2::text::interval)`,
        [runnable.organizationId, age],
      );
    for (const age of ['23 hours 59 minutes', '24 hours 1 minute']) await insert(age);
    await keepHouse(test.term.session);
    expect(await test.runs.database.rows('select key from idempotency')).toEqual([
      { key: '23 hours 59 minutes' },
    ]);
  });
});
