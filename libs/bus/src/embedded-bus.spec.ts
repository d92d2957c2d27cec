import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { TOPICS } from '#libs/contracts';
import { busBody } from '../../testing/src/bus-body.ts';
import { BusProbe } from '../../testing/src/bus-probe.ts';
import { until } from '../../testing/src/until.ts';
import { type Delivery, DONE, oneByOne } from './bus.ts';
import { EmbeddedBus, type EmbeddedBusOptions } from './embedded-bus.ts';

busBody('embedded', () => new EmbeddedBus({ partitions: 4 }), { describe, expect, it });

let bus: EmbeddedBus | undefined;
afterEach(() => bus?.close());

function probeOf(options: EmbeddedBusOptions): BusProbe {
  bus = new EmbeddedBus({ partitions: 4, ...options });
  return new BusProbe(bus);
}

/** Whether a promise is settled once everything that can happen now has happened. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  return Promise.race([promise.then(() => true), sleep(50, false)]);
}

describe('the faults of the embedded bus', () => {
  const faultOf = (fault: { copies: number; delayMs: number }) => (message: { headers: object }) =>
    'hit' in message.headers ? fault : { copies: 1, delayMs: 0 };
  const hit = { headers: { hit: 'yes' } };

  it('duplicate a message: both copies have their place', async () => {
    const probe = probeOf({ fault: faultOf({ copies: 2, delayMs: 0 }) });
    const reader = await probe.join({ group: 'alone' });
    await probe.bus.publish([probe.message('key', 'twice', hit), probe.message('key', 'once')]);
    await reader.whenSeen(3);
    expect(reader.texts).toEqual(['twice', 'twice', 'once']);
    expect(reader.seen.map((delivery) => delivery.offset)).toEqual([0, 1, 2]);
  });

  it('drop a message, whose publisher is told that it was taken', async () => {
    const probe = probeOf({ fault: faultOf({ copies: 0, delayMs: 0 }) });
    const reader = await probe.join({ group: 'alone' });
    const places = await probe.bus.publish([
      probe.message('key', 'lost', hit),
      probe.message('key', 'found'),
    ]);
    await reader.whenSeen(1);
    expect(reader.texts).toEqual(['found']);
    expect(places).toHaveLength(2);
  });

  it('drop a message, whose place is then the last one that there is, so that nobody waits for it', async () => {
    const probe = probeOf({ fault: faultOf({ copies: 0, delayMs: 0 }) });
    const offsetOf = async (more = {}) => {
      const [place] = await probe.bus.publish([probe.message('key', 'x', { partition: 0, ...more })]);
      return place?.offset;
    };
    expect(await offsetOf(hit)).toBe(-1);
    expect(await offsetOf()).toBe(0);
    expect(await offsetOf(hit)).toBe(0);
    expect(await offsetOf()).toBe(1);
  });

  it('delay a message and keep the order within its partition, while others go on', async () => {
    const probe = probeOf({ fault: faultOf({ copies: 1, delayMs: 100 }) });
    const reader = await probe.join({ group: 'alone' });
    const startedMs = performance.now();
    await probe.bus.publish([
      probe.message('key', 'late', { partition: 0, ...hit }),
      probe.message('key', 'behind', { partition: 0 }),
      probe.message('key', 'elsewhere', { partition: 1 }),
    ]);
    await reader.whenSeen(1);
    expect(reader.texts).toEqual(['elsewhere']);
    await reader.whenSeen(3);
    expect(reader.texts).toEqual(['elsewhere', 'late', 'behind']);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(99);
  });
});

describe('the back-pressure of the embedded bus', () => {
  it('lets publishers of a full topic wait until its reader has read', async () => {
    const probe = probeOf({ maxBacklogBytes: 100 });
    const gate = Promise.withResolvers<void>();
    const handle = async (deliveries: Delivery[]) => {
      await gate.promise;
      return deliveries.map(() => DONE);
    };
    await probe.join({ group: 'alone', handle });
    const first = probe.bus.publish([probe.message('key', 'x'.repeat(100))]);
    expect(await isSettled(first)).toBe(true);
    const second = probe.bus.publish([probe.message('another key', 'x')]);
    expect(await isSettled(second)).toBe(false);
    const elsewhere = probe.bus.publish([probe.message('key', 'x', { topic: TOPICS.runTouched })]);
    expect(await isSettled(elsewhere)).toBe(true);
    gate.resolve();
    expect(await second).toEqual([{ partition: expect.any(Number), offset: expect.any(Number) }]);
  });

  it('does not hold up those who publish to a topic that nobody reads', async () => {
    const probe = probeOf({ maxBacklogBytes: 100 });
    const published = probe.bus.publish([probe.message('key', 'x'.repeat(1_000))]);
    expect(await isSettled(published)).toBe(true);
  });

  it('lets publishers go when the reader that they wait for leaves', async () => {
    const probe = probeOf({ maxBacklogBytes: 100, fault: () => ({ copies: 1, delayMs: 60_000 }) });
    const reader = await probe.join({ group: 'alone' });
    const published = probe.bus.publish([probe.message('key', 'x'.repeat(1_000))]);
    expect(await isSettled(published)).toBe(false);
    await reader.stop();
    expect(await isSettled(published)).toBe(true);
  });
});

describe('a dead letter of the embedded bus', () => {
  it('has been handled before the partition goes on', async () => {
    const probe = probeOf({});
    const gate = Promise.withResolvers<void>();
    const handle = oneByOne(async () => {
      await gate.promise;
      return DONE;
    });
    const letters = await probe.join({
      group: 'shared',
      reader: 'keeper',
      topic: TOPICS.dead,
      handle,
    });
    const reader = await probe.join({
      group: 'shared',
      handle: async (deliveries) => deliveries.map(() => ({ kind: 'dead', reason: 'no' })),
    });
    await probe.bus.publish([probe.message('key', 'one')]);
    await letters.whenSeen(1);
    await probe.bus.publish([probe.message('key', 'two')]);
    await sleep(50);
    expect(reader.texts).toEqual(['one']);
    gate.resolve();
    await reader.whenSeen(2);
  });

  it('is not waited for where nobody keeps dead letters', async () => {
    const probe = probeOf({});
    const reader = await probe.join({
      group: 'shared',
      handle: async (deliveries) => deliveries.map(() => ({ kind: 'dead', reason: 'no' })),
    });
    await probe.bus.publish([probe.message('key', 'one')]);
    await reader.whenSeen(1);
    await probe.bus.publish([probe.message('key', 'two')]);
    await reader.whenSeen(2);
  });

  it('does not hold up its partition when a fault drops it', async () => {
    const fault = (message: { topic: string }) => ({
      copies: message.topic === TOPICS.dead ? 0 : 1,
      delayMs: 0,
    });
    const probe = probeOf({ fault });
    await probe.join({ group: 'shared', reader: 'keeper', topic: TOPICS.dead });
    const reader = await probe.join({
      group: 'shared',
      handle: async (deliveries) => deliveries.map(() => ({ kind: 'dead', reason: 'no' })),
    });
    await probe.bus.publish([probe.message('key', 'one')]);
    await reader.whenSeen(1);
    await probe.bus.publish([probe.message('key', 'two')]);
    await reader.whenSeen(2);
  });

  it('is forgotten when it is dead itself, so that it does not come back for ever', async () => {
    const probe = probeOf({});
    const keeper = await probe.join({
      group: 'shared',
      reader: 'keeper',
      topic: TOPICS.dead,
      handle: async (deliveries) => deliveries.map(() => ({ kind: 'dead', reason: 'no' })),
    });
    await probe.bus.publish([probe.message('key', 'one', { topic: TOPICS.dead })]);
    await probe.bus.publish([probe.message('key', 'two', { topic: TOPICS.dead })]);
    await keeper.whenSeen(2);
    await sleep(50);
    expect(keeper.texts).toEqual(['one', 'two']);
  });
});

describe('the embedded bus', () => {
  it('brings a delivery again for which its handler gave no outcome', async () => {
    const probe = probeOf({});
    const seen: string[] = [];
    await probe.bus.subscribe({
      reader: 'reader',
      topic: TOPICS.runEvent,
      group: 'alone',
      handle: async (deliveries) => {
        seen.push(...deliveries.map((delivery) => delivery.value.toString()));
        return seen.length === 1 ? [] : deliveries.map(() => DONE);
      },
    });
    await probe.bus.publish([probe.message('key', 'one')]);
    await until('it comes again', () => seen.length === 2);
    expect(seen).toEqual(['one', 'one']);
  });

  it('refuses a message to a partition that is not there', async () => {
    const probe = probeOf({});
    const published = probe.bus.publish([probe.message('key', 'x', { partition: 4 })]);
    await expect(published).rejects.toThrow('has no partition 4');
  });

  it('ends all reading when it is closed', async () => {
    const probe = probeOf({});
    const reader = await probe.join({ group: 'alone' });
    await probe.bus.close();
    await probe.bus.publish([probe.message('key', 'x')]);
    await sleep(50);
    expect(reader.seen).toEqual([]);
  });
});
