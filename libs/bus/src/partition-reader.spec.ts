import { describe, expect, it } from '@jest/globals';
import { TOPICS } from '#libs/contracts';
import { until } from '#libs/testing';
import { type Delivery, oneByOne } from './bus.ts';
import { PartitionReader } from './partition-reader.ts';

const deliveries: Delivery[] = [0, 1].map((offset) => ({
  topic: TOPICS.runEvent,
  partition: 0,
  offset,
  key: 'key',
  headers: {},
  value: Buffer.from('?'),
  sentAtMs: Date.now(),
}));

/** Reads two messages that are dead. */
function read(bury: (delivery: Delivery) => Promise<void>) {
  const place = { at: 0 };
  const reader = new PartitionReader(
    {
      reader: 'reader',
      topic: TOPICS.runEvent,
      group: 'shared',
      handle: oneByOne(() => ({ kind: 'dead', reason: 'it is bad' })),
    },
    {
      wake: () => undefined,
      read: (most) => ({ deliveries: deliveries.slice(place.at, place.at + most), waitMs: undefined }),
      advance: (offset) => {
        place.at = offset;
      },
      close: () => undefined,
    },
    bury,
  );
  reader.start();
  return { reader, place };
}

describe('a partition whose dead letters the bus does not take', () => {
  it('goes on when it takes them, and each is kept', async () => {
    const kept: number[] = [];
    let tries = 0;
    const { reader, place } = read(async ({ offset }) => {
      tries += 1;
      if (tries === 1) throw new Error('the bus has too much to send');
      kept.push(offset);
    });
    await until('both are read', () => place.at === 2);
    await reader.stop();
    expect(kept).toEqual([0, 1]);
  });

  it('is left at the first of them by a reader that stops', async () => {
    const asked = Promise.withResolvers<void>();
    const { reader, place } = read(({ offset }) => {
      if (offset === 0) return Promise.resolve();
      asked.resolve();
      return Promise.reject(new Error('the bus is closed'));
    });
    await asked.promise;
    await reader.stop();
    expect(place.at).toBe(1);
  });
});
