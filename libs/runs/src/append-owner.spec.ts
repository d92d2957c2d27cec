import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { attemptEvents, executorEvent, logFaults, outsideEvent, type RunRef, SqlRuns } from '#libs/testing';
import type { Append, AppendEvent } from './append.ts';

describe('what the holder of an attempt appends', () => {
  let runs: SqlRuns;
  beforeAll(async () => {
    runs = await SqlRuns.create();
  });
  afterAll(() => runs.dispose());

  const owned = (ref: RunRef, events: AppendEvent[], attempt = 1): Append => ({
    ...ref,
    attempt,
    from: 'owner',
    events,
  });
  const write = (ref: RunRef, events: AppendEvent[], attempt = 1) =>
    runs.outcomes('hg_recorder', owned(ref, events, attempt));

  it('moves the run on: assigned, running, ended', async () => {
    const ref = await runs.assigned();
    expect(await runs.live(ref)).toMatchObject({
      status: 'assigned',
      last_n: 0,
      last_seq: 1,
      started_at: null,
    });
    expect(await write(ref, attemptEvents(2))).toEqual(['written', 'written']);
    expect(await runs.live(ref)).toMatchObject({ status: 'running', last_n: 2, last_seq: 3, broken: false });
    expect(await write(ref, [executorEvent(3, 'run.succeeded')])).toEqual(['written']);
    expect(await runs.live(ref)).toBeUndefined();
    expect(await runs.row(ref)).toMatchObject({ status: 'succeeded', attempt: 1, last_n: 3, last_seq: 4 });
  });

  it.each(['run.succeeded', 'run.failed', 'run.timed_out', 'run.cancelled'] as const)(
    'ends the run with %s, and keeps the result with it',
    async (type) => {
      const ref = await runs.assigned();
      const end = { output: '{"text":"a\\u0000b"}', error: '{"code":"c"}', usage: '{"attempts":1}' };
      await write(ref, [executorEvent(1, 'run.started'), executorEvent(2, type, { end })]);
      expect(await runs.row(ref)).toMatchObject({ status: type.slice(4), ...end });
    },
  );

  it('gives every event the next place in the log, with its n, attempt and data', async () => {
    const ref = await runs.assigned();
    await write(ref, attemptEvents(2));
    await write(ref, [
      executorEvent(3, 'log', { data: '{"text":"\\u0000"}' }),
      executorEvent(4, 'run.failed'),
    ]);
    const log = await runs.log(ref);
    expect(logFaults(log)).toEqual([]);
    expect(log.map(({ seq, attempt, n, type }) => [seq, attempt, n, type])).toEqual([
      [1, 0, null, 'run.queued'],
      [2, 1, 1, 'run.started'],
      [3, 1, 2, 'log'],
      [4, 1, 3, 'log'],
      [5, 1, 4, 'run.failed'],
    ]);
    expect(log[3]?.data).toBe('{"text":"\\u0000"}');
  });

  it('answers with the place and the time that the log has', async () => {
    const ref = await runs.assigned();
    const late = executorEvent(3, 'log', { elapsedMs: 86_400_000 });
    const [appended] = await runs.append('hg_recorder', owned(ref, [...attemptEvents(2), late]));
    const log = await runs.log(ref);
    expect(appended).toEqual(
      log.slice(1).map(({ seq, at }) => ({ outcome: 'written', attempt: 1, seq, at })),
    );
  });

  it('puts no event into the future, and none before the claim', async () => {
    const ref = await runs.assigned();
    await write(ref, [executorEvent(1, 'run.started', { elapsedMs: 0 })]);
    await write(ref, [executorEvent(2, 'log', { elapsedMs: 86_400_000 })]);
    const [times] = await runs.database.rows<{ first: boolean; second: boolean }>(
      `select (select at from run_event where run_id = l.run_id and seq = 2) = l.assigned_at as first,
         (select at from run_event where run_id = l.run_id and seq = 3) <= now() as second
       from run_live l where run_id = $1`,
      [ref.runId],
    );
    expect(times).toEqual({ first: true, second: true });
  });

  it('says when the run started and finished, also when all comes at once', async () => {
    const atOnce = await runs.assigned();
    await write(atOnce, attemptEvents(3, 'run.succeeded'));
    const inSteps = await runs.assigned();
    for (const event of attemptEvents(3, 'run.succeeded')) await write(inSteps, [event]);
    for (const ref of [atOnce, inSteps]) {
      const log = await runs.log(ref);
      const { started_at, finished_at } = await runs.row(ref);
      expect([started_at, finished_at]).toEqual([log[1]?.at, log[3]?.at]);
    }
  });

  it('says of a run that never began that it has not started', async () => {
    const ref = await runs.queued();
    const end = outsideEvent('run.cancelled');
    await runs.append('hg_conductor', { ...ref, attempt: 0, from: 'queued', events: [end] });
    expect(await runs.row(ref)).toMatchObject({ status: 'cancelled', started_at: null });
  });

  it('keeps the start of the first attempt', async () => {
    const ref = await runs.assigned();
    await write(ref, attemptEvents(2));
    const first = (await runs.log(ref))[1]?.at;
    const retried = outsideEvent('run.retried');
    await runs.append('hg_conductor', { ...ref, attempt: 1, from: 'attempt', events: [retried] });
    await runs.claim(ref);
    await write(ref, [executorEvent(1, 'run.started', { elapsedMs: 60_000 })], 2);
    expect((await runs.live(ref))?.started_at).toEqual(first);
    await write(ref, [executorEvent(2, 'run.succeeded')], 2);
    expect(await runs.row(ref)).toMatchObject({ attempt: 2, last_n: 2, last_seq: 6, started_at: first });
  });

  it('is ended by the recorder itself where a run cannot be recorded', async () => {
    const ref = await runs.assigned();
    await write(ref, attemptEvents(2));
    expect(await write(ref, [outsideEvent('run.failed')])).toEqual(['written']);
    expect(await runs.row(ref)).toMatchObject({ status: 'failed', last_n: 2, last_seq: 4 });
    expect(await write(ref, [outsideEvent('run.failed')])).toEqual(['fenced']);
    expect(logFaults(await runs.log(ref))).toEqual([]);
  });
});
