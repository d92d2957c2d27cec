import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Kafka } from 'kafkajs';
import { TOPICS } from '#libs/contracts';
import { until } from '#libs/testing';
import { KafkaReading } from './kafka-reading.ts';

/** A reading over a client whose broker is reached as often as the test lets it. */
const make = (connect: () => Promise<void> = async () => undefined) => {
  const consumers: { tell(event: string): void }[] = [];
  const consumer = () => {
    const heard = new Map<string, () => void>();
    consumers.push({ tell: (event) => heard.get(event)?.() });
    return {
      events: { GROUP_JOIN: 'join', FETCH_START: 'asked', FETCH: 'answered', CRASH: 'crash' },
      on: (event: string, hear: () => void) => heard.set(event, hear),
      connect,
      disconnect: async () => undefined,
      subscribe: async () => undefined,
      run: async () => undefined,
    };
  };
  const reading = new KafkaReading(
    { reader: 'test', topic: TOPICS.runEvent, group: 'shared', handle: async () => [] },
    {
      // of all that a client can, a reading uses this
      kafka: { consumer } as unknown as Kafka,
      prefix: '',
      endsOf: async () => new Map(),
      bury: async () => undefined,
    },
  );
  return { reading, consumers };
};

describe('a reader over Kafka', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('does not begin where it is stopped while it waits to try again', async () => {
    const { reading, consumers } = make(() => Promise.reject(new Error('the broker is away')));
    const begun = reading.start();
    await until('it has tried', () => consumers.length === 1);
    // it pauses
    await new Promise(setImmediate);
    await Promise.all([expect(begun).rejects.toThrow('away'), reading.stop()]);
    expect(consumers).toHaveLength(1);
  });

  it('knows how long the broker has answered no fetch', async () => {
    jest.useFakeTimers();
    const { reading, consumers } = make();
    await reading.start();
    jest.advanceTimersByTime(7_000);
    consumers[0]?.tell('asked');
    expect(reading.silentMs).toBe(7_000);
    consumers[0]?.tell('answered');
    expect(reading.silentMs).toBe(0);
    await reading.stop();
  });
});
