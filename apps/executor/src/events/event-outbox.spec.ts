import { beforeEach, describe, expect, it } from '@jest/globals';
import type { BusMessage } from '#libs/contracts';
import { DEFAULTS } from '#libs/domain';
import { newId } from '#libs/kernel';
import { KeptBus } from '../../../../libs/testing/src/kept-bus.ts';
import { EventOutbox, type OutgoingEvent } from './event-outbox.ts';

const EXECUTOR = newId();
const sender = () => ({ organizationId: 'o1', runId: newId(), attempt: 2, runToken: 'token' });
const event = (n: number, more: Partial<OutgoingEvent> = {}): OutgoingEvent => ({
  n,
  type: 'log',
  elapsedMs: n,
  data: `{"n":${n}}`,
  ...more,
});

describe('the outbox', () => {
  let bus: KeptBus;
  let outbox: EventOutbox;
  let pressure: string[];
  beforeEach(() => {
    bus = new KeptBus();
    pressure = [];
    outbox = new EventOutbox(bus, EXECUTOR, {
      pause: () => pressure.push('pause'),
      resume: () => pressure.push('resume'),
    });
  });
  /** Lets the bus take nothing until the gate is opened. */
  const close = () => {
    const gate = Promise.withResolvers<void>();
    bus.before = () => gate.promise;
    return gate;
  };
  const taken = () => new Promise<void>(setImmediate);

  it('sends what was said in one turn as one message for each attempt, in its order', async () => {
    const [one, other] = [sender(), sender()];
    outbox.add(one, event(1));
    outbox.add(other, event(1));
    outbox.add(one, event(2));
    await outbox.whenIdle();
    expect(bus.batches).toHaveLength(1);
    expect(bus.reports()).toEqual([
      { runId: one.runId, attempt: 2, executorId: EXECUTOR, runToken: 'token', events: [event(1), event(2)] },
      { runId: other.runId, attempt: 2, executorId: EXECUTOR, runToken: 'token', events: [event(1)] },
    ]);
    expect(bus.batches[0]?.map((message) => message.key)).toEqual([one.runId, other.runId]);
    expect(outbox.sentEvents).toBe(3);
  });

  it('has one send under way; what gathers meanwhile leaves together with the next', async () => {
    const gate = close();
    const one = sender();
    outbox.add(one, event(1));
    await taken();
    for (const n of [2, 3, 4]) outbox.add(one, event(n));
    await taken();
    expect(bus.batches).toEqual([]);
    gate.resolve();
    await outbox.whenIdle();
    expect(bus.reports().map((report) => report.events.map(({ n }) => n))).toEqual([[1], [2, 3, 4]]);
    expect(bus.batches).toHaveLength(2);
  });

  it('tells who sent an event when the bus has it, not before', async () => {
    const gate = close();
    const told: string[] = [];
    outbox.add(sender(), event(1), () => told.push('one'));
    await taken();
    outbox.add(sender(), event(1), () => told.push('two'));
    bus.before = async () => {
      told.push('the bus is asked');
    };
    expect(told).toEqual([]);
    gate.resolve();
    await outbox.whenIdle();
    expect(told).toEqual(['one', 'the bus is asked', 'two']);
  });

  it('sends again what the bus refused, in the same order, until it is taken', async () => {
    let refusals = 0;
    bus.before = async () => {
      if (refusals++ === 0) throw new Error('not now');
    };
    const one = sender();
    outbox.add(one, event(1));
    await taken();
    outbox.add(one, event(2));
    await outbox.whenIdle();
    expect(bus.events().map(({ n }) => n)).toEqual([1, 2]);
    expect(outbox.sentEvents).toBe(2);
  });

  it('knows the last position that the bus gave it in each partition, however late an earlier one comes', async () => {
    const places = [
      [
        { partition: 3, offset: 7 },
        { partition: 1, offset: 0 },
      ],
      [
        { partition: 3, offset: 5 },
        { partition: 0, offset: 9 },
      ],
    ];
    bus.places = () => places.shift() ?? [];
    outbox.add(sender(), event(1));
    await outbox.whenIdle();
    outbox.add(sender(), event(1));
    await outbox.whenIdle();
    expect(outbox.offsets).toEqual({ 0: 9, 1: 0, 3: 7 });
  });

  it('passes over a position below zero: the bus has kept nothing that anyone could read up to', async () => {
    bus.places = () => [{ partition: 0, offset: -1 }];
    outbox.add(sender(), event(1));
    await outbox.whenIdle();
    expect(outbox.offsets).toEqual({});
  });

  it('lets runners pause when too much waits, and go on when all of it is sent', async () => {
    const gate = close();
    outbox.add(sender(), event(1));
    await taken();
    const large = event(1, { data: 'x'.repeat(8 * 1024 * 1024) });
    for (let count = 0; count < 3; count += 1) outbox.add(sender(), large);
    expect(pressure).toEqual([]);
    for (let count = 0; count < 2; count += 1) outbox.add(sender(), large);
    expect(pressure).toEqual(['pause']);
    gate.resolve();
    await outbox.whenIdle();
    expect(pressure).toEqual(['pause', 'resume']);
    expect(bus.events()).toHaveLength(6);
  });

  it('cuts what an attempt has to say into messages that are not too large', async () => {
    const one = sender();
    const large = (n: number) => event(n, { data: JSON.stringify('x'.repeat(60_000)) });
    for (let n = 1; n <= 10; n += 1) outbox.add(one, large(n));
    await outbox.whenIdle();
    const sizes = bus.batches.flat().map((message: BusMessage) => message.value.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(DEFAULTS.messageBytes);
    expect(sizes).toHaveLength(3);
    expect(bus.events().map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it.each([
    ['characters of three bytes', '€'],
    ['quotes, which the message quotes once more', '"'],
  ])('counts bytes as the message has them: %s', async (_what, character) => {
    const one = sender();
    const data = JSON.stringify(character.repeat(20_000));
    for (let n = 1; n <= 10; n += 1) outbox.add(one, event(n, { data }));
    await outbox.whenIdle();
    const sizes = bus.batches.flat().map((message: BusMessage) => message.value.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(DEFAULTS.messageBytes);
  });

  describe("with a node's state", () => {
    const state = (seal: () => Buffer) => ({ nodeId: 'n1', iteration: 0, bytes: 10, seal });
    const sealed = Buffer.from('sealed');

    it('seals it into the message', async () => {
      outbox.add(sender(), event(1, { type: 'node.completed', state: state(() => sealed) }));
      await outbox.whenIdle();
      expect(bus.events()).toEqual([
        event(1, {
          type: 'node.completed',
          checkpoint: { nodeId: 'n1', iteration: 0, sealed: sealed.toString('base64') },
        }),
      ]);
    });

    it('leaves it out where the run ends in the same message, as no attempt comes after it', async () => {
      const one = sender();
      let isSealed = false;
      const seal = () => {
        isSealed = true;
        return sealed;
      };
      outbox.add(one, event(1, { state: state(seal) }));
      outbox.add(one, event(2, { type: 'run.succeeded' }));
      await outbox.whenIdle();
      expect(bus.events()).toEqual([event(1), event(2, { type: 'run.succeeded' })]);
      expect(isSealed).toBe(false);
    });
  });
});
