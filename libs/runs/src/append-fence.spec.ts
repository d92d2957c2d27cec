import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { attemptEvents, executorEvent, logFaults, outsideEvent, type RunRef, SqlRuns } from '#libs/testing';
import type { AppendEvent } from './append.ts';

describe('the fence', () => {
  let runs: SqlRuns;
  beforeAll(async () => {
    runs = await SqlRuns.create();
  });
  afterAll(() => runs.dispose());

  const write = (ref: RunRef, events: AppendEvent[], attempt = 1) =>
    runs.outcomes('hg_recorder', { ...ref, attempt, from: 'owner', events });
  const retry = (ref: RunRef, attempt = 1) => {
    const events = [outsideEvent('run.retried')];
    return runs.outcomes('hg_conductor', { ...ref, attempt, from: 'attempt', events });
  };
  const log = (from: number, to: number) => attemptEvents(to).slice(from - 1);

  it('takes what is written for a duplicate', async () => {
    const ref = await runs.assigned();
    await write(ref, log(1, 3));
    const before = await runs.log(ref);
    expect(await write(ref, log(1, 3))).toEqual(['duplicate', 'duplicate', 'duplicate']);
    expect(await write(ref, log(2, 2))).toEqual(['duplicate']);
    expect(await runs.log(ref)).toEqual(before);
    expect(await runs.live(ref)).toMatchObject({ last_n: 3, last_seq: 4, broken: false });
  });

  it('writes of an overlap what is new', async () => {
    const ref = await runs.assigned();
    await write(ref, log(1, 3));
    expect(await write(ref, log(2, 5))).toEqual(['duplicate', 'duplicate', 'written', 'written']);
    expect(logFaults(await runs.log(ref))).toEqual([]);
    expect(await runs.live(ref)).toMatchObject({ last_n: 5, last_seq: 6 });
  });

  it('writes once what comes twice in one call', async () => {
    const ref = await runs.assigned();
    const append = { ...ref, attempt: 1, from: 'owner' as const };
    const [first, second] = await runs.append(
      'hg_recorder',
      { ...append, events: log(1, 3) },
      { ...append, events: log(2, 4) },
    );
    expect(first?.map(({ outcome }) => outcome)).toEqual(['written', 'written', 'written']);
    expect(second?.map(({ outcome }) => outcome)).toEqual(['duplicate', 'duplicate', 'written']);
    expect(logFaults(await runs.log(ref))).toEqual([]);
  });

  it('puts chunks in order that come in one call', async () => {
    const ref = await runs.assigned();
    const append = { ...ref, attempt: 1, from: 'owner' as const };
    await runs.append('hg_recorder', { ...append, events: log(3, 4) }, { ...append, events: log(1, 2) });
    expect((await runs.log(ref)).map(({ n }) => n)).toEqual([null, 1, 2, 3, 4]);
  });

  it('is closed to an attempt of which something is missing', async () => {
    const ref = await runs.assigned();
    await write(ref, log(1, 2));
    expect(await write(ref, log(4, 5))).toEqual(['fenced', 'fenced']);
    expect(await runs.live(ref)).toMatchObject({ broken: true, last_n: 2, last_seq: 3, status: 'running' });
    expect(await write(ref, log(3, 3))).toEqual(['fenced']);
    expect(await write(ref, attemptEvents(5, 'run.succeeded'))).toEqual(Array(5).fill('fenced'));
    expect(await runs.log(ref)).toHaveLength(3);
  });

  it('is closed to an attempt whose beginning is missing', async () => {
    const ref = await runs.assigned();
    expect(await write(ref, log(2, 3))).toEqual(['fenced', 'fenced']);
    expect(await runs.live(ref)).toMatchObject({ broken: true, status: 'assigned', last_n: 0 });
  });

  it('is closed to an attempt whose end comes before what is missing', async () => {
    const ref = await runs.assigned();
    await write(ref, log(1, 2));
    expect(await write(ref, [executorEvent(4, 'run.succeeded')])).toEqual(['fenced']);
    expect(await runs.live(ref)).toMatchObject({ broken: true, status: 'running' });
    expect((await runs.row(ref)).status).toBeNull();
  });

  it('lets through what stands before a hole in the same call', async () => {
    const ref = await runs.assigned();
    expect(await write(ref, [...log(1, 2), ...log(4, 5)])).toEqual([
      'written',
      'written',
      'fenced',
      'fenced',
    ]);
    expect(await runs.live(ref)).toMatchObject({ broken: true, last_n: 2, last_seq: 3 });
  });

  it('opens to the next attempt after a broken one', async () => {
    const ref = await runs.assigned();
    await write(ref, [...log(1, 1), ...log(3, 3)]);
    expect(await retry(ref)).toEqual(['written']);
    expect(await runs.live(ref)).toMatchObject({ broken: false, status: 'queued' });
    expect(await runs.claim(ref)).toBe(2);
    expect(await write(ref, attemptEvents(3, 'run.succeeded'), 2)).toEqual(Array(3).fill('written'));
    expect(logFaults(await runs.log(ref))).toEqual([]);
  });

  it('is closed to what comes after the end', async () => {
    const ref = await runs.assigned();
    expect(await write(ref, [...attemptEvents(3, 'run.failed'), executorEvent(4, 'log')])).toEqual([
      ...Array(3).fill('written'),
      'fenced',
    ]);
    expect(await write(ref, [executorEvent(4, 'run.succeeded')])).toEqual(['fenced']);
    expect(await runs.row(ref)).toMatchObject({ status: 'failed', last_n: 3, last_seq: 4 });
    expect(logFaults(await runs.log(ref))).toEqual([]);
  });

  it('takes for duplicates what an ended run has of its last attempt, and nothing else', async () => {
    const ref = await runs.assigned();
    await write(ref, log(1, 2));
    await retry(ref);
    await runs.claim(ref);
    await write(ref, attemptEvents(3, 'run.succeeded'), 2);
    expect(await write(ref, attemptEvents(3, 'run.succeeded'), 2)).toEqual(Array(3).fill('duplicate'));
    expect(await write(ref, log(3, 4), 2)).toEqual(['duplicate', 'fenced']);
    expect(await write(ref, log(1, 2), 1)).toEqual(['fenced', 'fenced']);
    expect(await write(ref, log(1, 1), 3)).toEqual(['fenced']);
  });

  it('is closed to an attempt that was taken away, before and after the next claim', async () => {
    const ref = await runs.assigned();
    await write(ref, log(1, 2));
    await retry(ref);
    expect(await write(ref, log(3, 3))).toEqual(['fenced']);
    await runs.claim(ref);
    expect(await write(ref, log(1, 3))).toEqual(['fenced', 'fenced', 'fenced']);
    expect(await write(ref, attemptEvents(3, 'run.succeeded'))).toEqual(['fenced', 'fenced', 'fenced']);
    expect(await runs.live(ref)).toMatchObject({ status: 'assigned', attempt: 2, last_n: 0, broken: false });
  });

  it('is closed to an attempt that is yet to come, and to a run nobody has claimed', async () => {
    const ref = await runs.queued();
    expect(await write(ref, log(1, 1), 0)).toEqual(['fenced']);
    expect(await write(ref, log(1, 1), 1)).toEqual(['fenced']);
    await runs.claim(ref);
    expect(await write(ref, log(1, 1), 2)).toEqual(['fenced']);
    expect(await runs.live(ref)).toMatchObject({ status: 'assigned', last_n: 0, broken: false });
  });

  it('is closed to runs that do not exist, or not in this organization', async () => {
    const ref = await runs.assigned();
    expect(await write({ ...ref, runId: newId() }, log(1, 1))).toEqual(['fenced']);
    expect(await write({ ...ref, organizationId: newId() }, log(1, 1))).toEqual(['fenced']);
    expect(await write(ref, log(1, 1))).toEqual(['written']);
  });
});
