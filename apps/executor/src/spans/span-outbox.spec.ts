import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type RunSpan, RunSpans } from '#libs/contracts';
import { DEFAULTS } from '#libs/domain';
import { newId } from '#libs/kernel';
import { KeptBus } from '../../../../libs/testing/src/kept-bus.ts';
import { SpanOutbox } from './span-outbox.ts';

const sender = (attempt = 1) => ({
  organizationId: 'o1',
  runId: newId(),
  attempt,
  runToken: 'token',
  queueMs: 3,
  placementMs: 2,
});
const span = (number: number, more: Partial<RunSpan> = {}): RunSpan => ({
  number,
  kind: 'node',
  name: 'node.run',
  startedMs: 1,
  durationMs: 1,
  status: 'ok',
  attributes: {},
  ...more,
});
const root = span(0, { kind: 'attempt' });

describe('the outbox of spans', () => {
  const bus = () => new KeptBus();
  const told = ({ batches }: KeptBus) => batches.flat().map(({ value }) => RunSpans.decode(value));
  const gathered = () => jest.advanceTimersByTimeAsync(1_000);
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('sends what gathered in one go, a message for each attempt with what its reader must know', async () => {
    const kept = bus();
    const executorId = newId();
    const outbox = new SpanOutbox(kept, executorId);
    const [one, other] = [sender(), sender(2)];
    outbox.add(one, span(2));
    outbox.add(other, span(2));
    outbox.add(one, root);
    expect(kept.batches).toEqual([]);
    await gathered();
    expect(kept.batches).toHaveLength(1);
    const { organizationId: _organization, ...facts } = one;
    expect(told(kept).map(({ orgId, data }) => [orgId, data])).toEqual([
      ['o1', { ...facts, executorId, part: 0, dropped: 0, spans: [span(2), root] }],
      ['o1', expect.objectContaining({ runId: other.runId, attempt: 2, part: 0, spans: [span(2)] })],
    ]);
  });

  it('numbers the messages of an attempt', async () => {
    const kept = bus();
    const outbox = new SpanOutbox(kept, newId());
    const one = sender();
    for (const number of [2, 4, 6]) {
      outbox.add(one, span(number));
      await gathered();
    }
    expect(told(kept).map(({ data }) => data.part)).toEqual([0, 1, 2]);
  });

  it.each([
    ['number', (number: number) => span(number), DEFAULTS.attemptSpans],
    [
      'size',
      (number: number) => span(number, { attributes: { a: 'x'.repeat(300), b: 'x'.repeat(300) } }),
      Math.floor(DEFAULTS.attemptSpanBytes / 712),
    ],
  ])('keeps of an attempt what fits by %s, its root, and how many were left out', async (_by, make, kept) => {
    const there = bus();
    const outbox = new SpanOutbox(there, newId());
    const one = sender();
    for (let number = 1; number <= 600; number += 1) outbox.add(one, make(number));
    outbox.add(one, root);
    outbox.add(sender(), span(2));
    await gathered();
    const [flooded, neighbour] = told(there).map(({ data }) => data);
    expect(flooded?.spans.at(-1)).toEqual(root);
    const held = Number(flooded?.spans.length) - 1;
    expect(Math.abs(held - kept)).toBeLessThan(10);
    expect(flooded?.dropped).toBe(600 - held);
    expect(outbox.droppedSpans).toBe(600 - held);
    expect(there.batches.flat()[0]?.value.length).toBeLessThan(DEFAULTS.messageBytes);
    expect(neighbour?.dropped).toBe(0);
  });

  it('leaves spans out while the bus takes nothing, and says so with the next', async () => {
    const kept = bus();
    const taken = Promise.withResolvers<void>();
    kept.before = () => taken.promise;
    const outbox = new SpanOutbox(kept, newId(), 2_000);
    const one = sender();
    outbox.add(one, span(2));
    await gathered();
    for (let number = 4; number < 100; number += 1) outbox.add(one, span(number));
    outbox.add(one, root);
    taken.resolve();
    await gathered();
    const [, next] = told(kept).map(({ data }) => data);
    expect(kept.batches).toHaveLength(2);
    expect(next?.spans.at(-1)).toEqual(root);
    expect(next?.spans.length).toBeLessThan(20);
    expect(Number(next?.spans.length) + Number(next?.dropped)).toBe(97);
  });

  it('does not send again what the bus refused, and counts it', async () => {
    const kept = bus();
    kept.before = () => Promise.reject(new Error('it is full'));
    const outbox = new SpanOutbox(kept, newId());
    const one = sender();
    outbox.add(one, span(2));
    await gathered();
    kept.before = async () => undefined;
    outbox.add(one, span(4));
    await gathered();
    expect(told(kept).map(({ data }) => [data.part, data.dropped, data.spans.length])).toEqual([[1, 1, 1]]);
    expect([outbox.sentSpans, outbox.droppedSpans]).toEqual([1, 1]);
  });

  it('sends at its end what is there, and waits for no bus that is away', async () => {
    const kept = bus();
    const outbox = new SpanOutbox(kept, newId());
    outbox.add(sender(), span(2));
    await outbox.end();
    expect(kept.batches).toHaveLength(1);
    let asked = 0;
    kept.before = () => {
      asked += 1;
      return new Promise(() => undefined);
    };
    for (const _time of ['once', 'again']) {
      outbox.add(sender(), span(2));
      const ended = outbox.end();
      await gathered();
      await gathered();
      await ended;
    }
    expect(asked).toBe(1);
  });
});
