import { describe, expect, it } from '@jest/globals';
import { RUN_EVENT_TYPES } from '#libs/domain';
import { newId } from '#libs/kernel';
import { RunEvents } from './run-event.contract.ts';
import { RUN_EVENT_DATA } from './run-event-data.ts';

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
    ['a run that is no id', { runId: 'r1' }],
    ['an executor that is no id', { executorId: '../e1' }],
    ['an attempt below one', { attempt: 0 }],
  ])('is refused with %s', (_what, more) => {
    expect(() => decode(report(more))).toThrow();
  });
});

describe('the data of events', () => {
  it('has a schema for each type', () => {
    expect(Object.keys(RUN_EVENT_DATA).toSorted()).toEqual(RUN_EVENT_TYPES.toSorted());
  });

  it.each([
    ['run.queued', { deploymentId: 'd', versionId: 'v', sessionId: 's' }],
    [
      'node.completed',
      { nodeId: 'n', iteration: 0, outputs: { out: null }, durationMs: 0.5, resumed: false },
    ],
    [
      'message.added',
      { messageId: 'm', nodeId: 'n', role: 'user', text: '\u0000', state: 'complete', files: [] },
    ],
    ['usage', { nodeId: 'n', iteration: 0, call: 1, model: 'm', inputTokens: 0, outputTokens: 3 }],
    ['egress.refused', { host: 'h', reason: 'r', count: 1 }],
    ['run.retried', { failedAttempt: 1, reason: 'r' }],
  ] as const)('of %s is taken whole', (type, data) => {
    expect(RUN_EVENT_DATA[type].parse(data)).toEqual(data);
  });

  it.each([
    ['usage', { nodeId: 'n', iteration: 0, call: 1, model: 'm', inputTokens: -1, outputTokens: 3 }],
    ['message.added', { messageId: 'm', nodeId: 'n', role: 'robot', text: '', state: 'complete', files: [] }],
    ['run.succeeded', { output: null, usage: null }],
    ['run.cancelled', { confirmed: 'yes' }],
    ['log', { nodeId: 'n', level: 'loud', text: '' }],
  ] as const)('of %s is refused where it does not fit', (type, data) => {
    expect(RUN_EVENT_DATA[type].safeParse(data).success).toBe(false);
  });
});
