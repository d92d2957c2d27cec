import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DONE, oneByOne } from '#libs/bus';
import { TOPICS } from '#libs/contracts';
import { DEFAULTS } from '#libs/domain';
import {
  attemptEvents,
  logFaults,
  playExecutor,
  type Runnable,
  type RunRef,
  TestConductor,
} from '#libs/testing';

describe('an attempt that is taken away', () => {
  let test: TestConductor;
  let runnable: Runnable;
  let executorId: string;
  beforeEach(async () => {
    executorId = playExecutor();
    test = await TestConductor.create();
    runnable = await test.runnable();
  });
  afterEach(() => test.dispose());

  const claimOf = ({ runId }: RunRef) => {
    const claim = test.term.claims.get(runId);
    if (!claim) throw new Error('no claim');
    return claim;
  };
  const takeAway = (ref: RunRef, isFailure: boolean) =>
    test.term['takeback'].takeAway(claimOf(ref), 'its runner ended', isFailure);
  const again = async (ref: RunRef) => {
    await test.runs.database.rows('update run_live set not_before = null');
    test.term['queue'].add({ ...runnable, runId: ref.runId });
    await test.place();
  };

  it('is stopped on its executor, counted, and follows itself after a while', async () => {
    const ref = await test.assigned(runnable, executorId);
    await takeAway(ref, true);
    expect(await test.told('cancel')).toMatchObject([{ executorId, runId: ref.runId, attempt: 1 }]);
    expect(await test.runs.live(ref)).toMatchObject({ status: 'queued', attempt: 1, failures: 1 });
    expect(test.term.claims.size).toBe(0);
    await test.place();
    expect(test.assignments()).toHaveLength(1);
    expect((await test.runs.log(ref)).at(-1)).toMatchObject({
      type: 'run.retried',
      attempt: 1,
      data: JSON.stringify({ failedAttempt: 1, reason: 'its runner ended' }),
    });
  });

  it('is placed again at once and not counted where it was given back', async () => {
    const ref = await test.assigned(runnable, executorId);
    await takeAway(ref, false);
    const [, second] = await test.told('assign', 2);
    expect(second?.assignment).toMatchObject({ runId: ref.runId, attempt: 2, isAlone: false });
    expect(await test.runs.live(ref)).toMatchObject({ status: 'assigned', attempt: 2, failures: 0 });
  });

  it('waits twice as long after each failure', async () => {
    const ref = await test.assigned(runnable, executorId);
    const waits: number[] = [];
    for (let failure = 0; failure < DEFAULTS.allowedFailures; failure += 1) {
      await takeAway(ref, true);
      const [row] = await test.runs.database.rows<{ wait: number }>(
        `select round(extract(epoch from l.not_before - e.at) * 1000)::integer as wait
         from run_live l join run_event e on e.run_id = l.run_id and e.seq = l.last_seq where l.run_id = $1`,
        [ref.runId],
      );
      waits.push(row?.wait ?? 0);
      await again(ref);
    }
    expect(waits).toEqual([1_000, 2_000, 4_000]);
  });

  it('was the last one where no failure is left: the run fails, and is told how often', async () => {
    const ref = await test.assigned(runnable, executorId);
    for (let failure = 0; failure < DEFAULTS.allowedFailures; failure += 1) {
      await takeAway(ref, true);
      await again(ref);
    }
    await takeAway(ref, false);
    await test.told('assign', 5);
    await test.place();
    expect(await test.runs.live(ref)).toMatchObject({ attempt: 5, failures: 3 });
    await takeAway(ref, true);
    const row = await test.runs.row(ref);
    expect(row).toMatchObject({ status: 'failed', attempt: 5 });
    expect(JSON.parse(row.error ?? '')).toMatchObject({
      code: 'run.worker_lost',
      detail: 'The run lost its worker 4 times (its runner ended); it is not tried again.',
    });
    expect(JSON.parse(row.usage ?? '')).toMatchObject({ attempts: 5 });
    expect(test.term.claims.size).toBe(0);
    expect(logFaults(await test.runs.log(ref))).toEqual([]);
  });

  it('fails its run too where the claim is not known any more', async () => {
    const ref = await test.assigned(runnable, executorId);
    await test.runs.database.rows('update run_live set failures = 3, broken = true');
    test.term['takeback'].release(ref.runId, 1);
    await test.sweep();
    expect(await test.runs.row(ref)).toMatchObject({ status: 'failed' });
  });

  it('changes nothing where its run has ended meanwhile, and frees its slot', async () => {
    const ref = await test.assigned(runnable, executorId);
    const claim = claimOf(ref);
    await test.runs.outcomes('hg_recorder', {
      ...ref,
      attempt: 1,
      from: 'owner',
      events: attemptEvents(2, 'run.succeeded'),
    });
    await test.term['takeback'].takeAway(claim, 'late', true);
    expect(await test.runs.row(ref)).toMatchObject({ status: 'succeeded', last_seq: 3 });
    expect(test.term.claims.size).toBe(0);
    await test.place();
    expect(test.assignments()).toHaveLength(1);
  });

  it('keeps what the run has spent in the usage of its end', async () => {
    const ref = await test.assigned(runnable, executorId);
    await test.runs.database.rows('update run_live set input_tokens = 5, output_tokens = 7');
    await test.term['takeback'].fail(claimOf(ref), 'internal', 'The run could not be prepared.');
    expect(JSON.parse((await test.runs.row(ref)).usage ?? '')).toMatchObject({
      inputTokens: 5,
      outputTokens: 7,
      totalTokens: 12,
      attempts: 1,
    });
  });

  it('is told to those who wait, with the events that were written', async () => {
    const moved: string[] = [];
    await test.bus.subscribe({
      reader: 'waiters',
      topic: TOPICS.runProgress,
      group: 'alone',
      handle: oneByOne(({ key, headers, value }) => {
        const { data } = JSON.parse(value.toString()) as { data: { events: { type: string }[] } };
        moved.push(`${key} ${headers['moved']} ${data.events.map(({ type }) => type)}`);
        return DONE;
      }),
    });
    const ref = await test.assigned(runnable, executorId);
    await takeAway(ref, true);
    await again(ref);
    await test.term['takeback'].fail(claimOf(ref), 'internal', 'The run could not be prepared.');
    await new Promise(setImmediate);
    expect(moved).toEqual([`${ref.runId}  run.retried`, `${ref.runId} ended run.failed`]);
  });
});
