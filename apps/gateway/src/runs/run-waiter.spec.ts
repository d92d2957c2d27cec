import { beforeEach, describe, expect, it } from '@jest/globals';
import type { RunProgressData } from '#libs/contracts';
import { RunWaiter } from './run-waiter.ts';

const progress = (...types: string[]) =>
  ({
    runId: '017f22e2-79b0-7cc3-98c4-dc0c0c07398f',
    attempt: 2,
    lastSeq: 9,
    events: types.map((type, index) => ({ seq: index + 2, type, text: type })),
  }) as RunProgressData;
const never = new AbortController().signal;

describe('a waiter for the end of a run', () => {
  let waiter: RunWaiter;
  beforeEach(() => {
    waiter = new RunWaiter();
  });

  it('gives the end with all that it heard on the way', async () => {
    const waited = waiter.wait(10_000, never);
    waiter.progress(progress('run.started', 'node.started'));
    waiter.progress(progress('run.failed'));
    const end = await waited;
    expect(end?.attempt).toBe(2);
    expect(end?.events?.map(({ type }) => type)).toEqual(['run.started', 'node.started', 'run.failed']);
  });

  it.each(['run.succeeded', 'run.failed', 'run.timed_out', 'run.cancelled'])('ends with %s', async (type) => {
    waiter.progress(progress(type));
    // also where it came before anybody waited
    expect((await waiter.wait(10_000, never))?.events).toHaveLength(1);
  });

  it('does not end with any other event, nor with a head that has not', async () => {
    waiter.progress(progress('run.started', 'run.cancel_requested', 'run.retried'));
    waiter.progress(progress());
    waiter.head(9, false);
    expect(await waiter.wait(5, never)).toBeUndefined();
  });

  it('knows of an end that it did not hear, and then nothing of its events', async () => {
    const waited = waiter.wait(10_000, never);
    waiter.head(9, true);
    expect(await waited).toEqual({ attempt: 0, events: undefined });
  });

  it('gives up when whoever asked has gone', async () => {
    const gone = new AbortController();
    const waited = waiter.wait(10_000, gone.signal);
    gone.abort();
    expect(await waited).toBeUndefined();
  });

  it.each([
    ['many events', progress('message.delta', 'log'), 150],
    ['large ones', progress('x'.repeat(60_000)), 5],
  ])('knows of the end alone where it would have to keep %s', async (_what, heard, times) => {
    for (let count = 0; count < times; count += 1) waiter.progress(heard);
    waiter.progress(progress('run.succeeded'));
    expect(await waiter.wait(10_000, never)).toEqual({ attempt: 2, events: undefined });
  });
});
