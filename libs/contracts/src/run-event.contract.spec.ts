import { describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { RunEvents } from './run-event.contract.ts';

const event = { n: 1, type: 'log' as const, elapsedMs: 0, data: '{}' };
const report = (more: object) => ({
  runId: newId(),
  attempt: 1,
  executorId: newId(),
  runToken: 'token',
  events: [event],
  ...more,
});
const decode = (data: object) =>
  RunEvents.decode(
    Buffer.from(JSON.stringify({ id: 'i', type: 'run.event', orgId: 'o1', occurredAt: 'now', data })),
  ).data;

describe("an executor's report", () => {
  it('keeps large values and checkpoints beside their event', () => {
    const staged = { i: 0, hash: 'h', size: 10 };
    const full = { ...event, staged: [staged], checkpoint: { nodeId: 'n', iteration: 0, staged } };
    expect(decode(report({ events: [full, { ...event, n: 2 }] })).events).toEqual([full, { ...event, n: 2 }]);
  });

  it.each<[string, object]>([
    ['no event', { events: [] }],
    ['a number of an event below one', { events: [{ ...event, n: 0 }] }],
    ['a number of an event that is not whole', { events: [{ ...event, n: 1.5 }] }],
    ['a type that there is not', { events: [{ ...event, type: 'run.invented' }] }],
    ['data that is not text', { events: [{ ...event, data: {} }] }],
    ['time that runs backwards', { events: [{ ...event, elapsedMs: -1 }] }],
    [
      'a checkpoint that is not base64',
      { events: [{ ...event, checkpoint: { nodeId: 'n', iteration: 0, sealed: '%' } }] },
    ],
    [
      'a checkpoint of a node whose id holds a NUL',
      { events: [{ ...event, checkpoint: { nodeId: 'a\u0000b', iteration: 0 } }] },
    ],
    [
      'a checkpoint of an iteration that no column holds',
      { events: [{ ...event, checkpoint: { nodeId: 'n', iteration: 2 ** 31 } }] },
    ],
    ['a run that is no id', { runId: 'r1' }],
    ['an executor that is no id', { executorId: '../e1' }],
    ['an attempt below one', { attempt: 0 }],
  ])('is refused with %s', (_what, more) => {
    expect(() => decode(report(more))).toThrow();
  });
});
