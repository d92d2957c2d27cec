import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { attemptEvents, logFaults, outsideEvent, type RunRef, SqlRuns } from '#libs/testing';
import type { Append } from './append.ts';

describe('what others than the holder of an attempt append', () => {
  let runs: SqlRuns;
  beforeAll(async () => {
    runs = await SqlRuns.create();
  });
  afterAll(() => runs.dispose());

  const conduct = (append: Append) => runs.outcomes('hg_conductor', append);
  const retried = (ref: RunRef, attempt: number, failures: 0 | 1, delayMs = 0): Append => ({
    ...ref,
    attempt,
    from: 'attempt',
    retry: { failures, delayMs },
    events: [outsideEvent('run.retried', { failedAttempt: attempt })],
  });
  const ended = (ref: RunRef, attempt: number, from: Append['from']): Append => ({
    ...ref,
    attempt,
    from,
    events: [outsideEvent('run.timed_out')],
  });
  const cancelled = (ref: RunRef): Append => ({
    ...ref,
    attempt: 0,
    from: 'live',
    events: [outsideEvent('run.cancel_requested')],
  });

  describe('an attempt that is taken away', () => {
    it('puts the run back into the queue, counts, and lets the next one wait', async () => {
      const ref = await runs.assigned();
      await runs.outcomes('hg_recorder', { ...ref, attempt: 1, from: 'owner', events: attemptEvents(2) });
      expect(await conduct(retried(ref, 1, 1, 60_000))).toEqual(['written']);
      expect(await runs.live(ref)).toMatchObject({ status: 'queued', attempt: 1, failures: 1, last_seq: 4 });
      const [wait] = await runs.database.rows(
        `select not_before > now() + interval '50 seconds' and not_before <= now() + interval '60 seconds' as is_right
         from run_live where run_id = $1`,
        [ref.runId],
      );
      expect(wait).toEqual({ is_right: true });
      expect((await runs.log(ref)).at(-1)).toMatchObject({
        seq: 4,
        attempt: 1,
        n: null,
        type: 'run.retried',
      });
    });

    it('counts no failure where it was given back', async () => {
      const ref = await runs.assigned();
      expect(await conduct(retried(ref, 1, 0))).toEqual(['written']);
      expect(await runs.live(ref)).toMatchObject({ status: 'queued', failures: 0 });
    });

    it('is taken away once', async () => {
      const ref = await runs.assigned();
      expect(await conduct(retried(ref, 1, 1))).toEqual(['written']);
      expect(await conduct(retried(ref, 1, 1))).toEqual(['fenced']);
      await runs.claim(ref);
      expect(await conduct(retried(ref, 1, 1))).toEqual(['fenced']);
      expect(await runs.live(ref)).toMatchObject({
        status: 'assigned',
        attempt: 2,
        failures: 1,
        last_seq: 2,
      });
    });

    it('cannot be taken from a run that has ended', async () => {
      const ref = await runs.assigned();
      const events = attemptEvents(2, 'run.succeeded');
      await runs.outcomes('hg_recorder', { ...ref, attempt: 1, from: 'owner', events });
      expect(await conduct(retried(ref, 1, 1))).toEqual(['fenced']);
      expect(await conduct(ended(ref, 1, 'attempt'))).toEqual(['fenced']);
      expect(await runs.row(ref)).toMatchObject({ status: 'succeeded', last_seq: 3 });
    });

    it('ends the run where none is left, and takes what its holder still says for fenced', async () => {
      const ref = await runs.assigned();
      const events = attemptEvents(3);
      await runs.outcomes('hg_recorder', { ...ref, attempt: 1, from: 'owner', events: events.slice(0, 2) });
      expect(await conduct(ended(ref, 1, 'attempt'))).toEqual(['written']);
      expect(await runs.row(ref)).toMatchObject({ status: 'timed_out', attempt: 1, last_n: 2, last_seq: 4 });
      expect(await runs.outcomes('hg_recorder', { ...ref, attempt: 1, from: 'owner', events })).toEqual([
        'duplicate',
        'duplicate',
        'fenced',
      ]);
      expect(logFaults(await runs.log(ref))).toEqual([]);
    });
  });

  describe('a run in the queue', () => {
    it('is ended while it is there', async () => {
      const ref = await runs.queued();
      expect(await conduct(ended(ref, 0, 'queued'))).toEqual(['written']);
      expect(await runs.live(ref)).toBeUndefined();
      expect(await runs.row(ref)).toMatchObject({ status: 'timed_out', attempt: 0, last_n: 0, last_seq: 2 });
    });

    it('is not ended there once an executor has it', async () => {
      const ref = await runs.assigned();
      expect(await conduct(ended(ref, 0, 'queued'))).toEqual(['fenced']);
      expect(await conduct(ended(ref, 1, 'queued'))).toEqual(['fenced']);
      expect(await conduct(ended(ref, 1, 'waiting'))).toEqual(['fenced']);
      expect(await runs.live(ref)).toMatchObject({ status: 'assigned', last_seq: 1 });
    });

    it('is not ended for an attempt that it had before', async () => {
      const ref = await runs.assigned();
      await conduct(retried(ref, 1, 0));
      expect(await conduct(ended(ref, 0, 'queued'))).toEqual(['fenced']);
      expect(await conduct(ended(ref, 1, 'attempt'))).toEqual(['fenced']);
      expect(await conduct(ended(ref, 1, 'queued'))).toEqual(['written']);
    });

    it('is ended in the state of waiting only where it waits', async () => {
      const ref = await runs.queued();
      expect(await conduct(ended(ref, 0, 'waiting'))).toEqual(['fenced']);
      await runs.database.rows(`update run_live set status = 'waiting' where run_id = $1`, [ref.runId]);
      expect(await conduct(ended(ref, 0, 'queued'))).toEqual(['fenced']);
      expect(await conduct(ended(ref, 0, 'waiting'))).toEqual(['written']);
    });
  });

  describe('a cancel request', () => {
    it('is noted once, whatever the run is doing', async () => {
      for (const ref of [await runs.queued(), await runs.assigned()]) {
        const before = await runs.live(ref);
        expect(await runs.outcomes('hg_gateway', cancelled(ref))).toEqual(['written']);
        expect(await runs.outcomes('hg_gateway', cancelled(ref))).toEqual(['fenced']);
        const after = await runs.live(ref);
        expect(after).toMatchObject({ status: before?.status, last_n: 0, last_seq: 2 });
        expect(after?.cancel_requested_at).toEqual((await runs.log(ref))[1]?.at);
      }
    });

    it('stands on the run when it has ended, and comes too late then', async () => {
      const ref = await runs.assigned();
      await runs.outcomes('hg_gateway', cancelled(ref));
      const requestedAt = (await runs.live(ref))?.cancel_requested_at;
      const events = attemptEvents(2, 'run.cancelled');
      expect(await runs.outcomes('hg_recorder', { ...ref, attempt: 1, from: 'owner', events })).toEqual([
        'written',
        'written',
      ]);
      expect(await runs.row(ref)).toMatchObject({ status: 'cancelled', cancel_requested_at: requestedAt });
      expect(await runs.outcomes('hg_gateway', cancelled(ref))).toEqual(['fenced']);
      expect(logFaults(await runs.log(ref))).toEqual([]);
    });

    it('names the attempt that runs, whatever the asker believes', async () => {
      const ref = await runs.assigned();
      await runs.outcomes('hg_gateway', cancelled(ref));
      expect((await runs.log(ref)).at(-1)).toMatchObject({ type: 'run.cancel_requested', attempt: 1 });
    });

    it('reaches only runs of the organization that asks', async () => {
      const ref = await runs.assigned();
      const { appended, commit } = await runs.open('hg_gateway', [cancelled(ref)], newId());
      await commit();
      expect(appended).toEqual([[{ outcome: 'fenced' }]]);
      expect(await runs.live(ref)).toMatchObject({ cancel_requested_at: null, last_seq: 1 });
      expect(await runs.outcomes('hg_gateway', cancelled(ref))).toEqual(['written']);
    });
  });
});
