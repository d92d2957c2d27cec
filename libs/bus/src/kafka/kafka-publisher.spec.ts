import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Kafka, ProducerBatch } from 'kafkajs';
import { until } from '#libs/testing';
import { KafkaPublisher, type Outgoing } from './kafka-publisher.ts';

const KB = 1000;
const TOO_MUCH = 'too much waits';

/** Judges a request, which was given a number, before it is taken. */
type Judge = (texts: string[], request: number) => unknown;

const message = (text: string, more: Partial<Outgoing> = {}): Outgoing => ({
  topic: 'topic',
  partition: 0,
  key: 'key',
  headers: {},
  value: Buffer.from(text),
  ...more,
});

/** A publisher over a client whose broker does what the test says. */
const make = (judge: Judge = () => undefined, connecting: (own: number) => unknown = () => undefined) => {
  const requests: string[][] = [];
  const producers: string[] = [];
  const newProducer = () => {
    const own = producers.push('new') - 1;
    return {
      connect: async () => {
        await connecting(own);
        producers[own] = 'connected';
      },
      disconnect: async () => {
        producers[own] = 'disconnected';
      },
      sendBatch: async ({ topicMessages = [] }: ProducerBatch) => {
        if (producers[own] !== 'connected') throw new Error('The producer is disconnected');
        const sent = topicMessages.flatMap(({ messages }) => messages);
        const texts = sent.map(({ value }) => String(value).slice(0, 10));
        await judge(texts, requests.push(texts));
        const partitions = new Set(sent.map(({ partition }) => partition));
        return [...partitions].map((partition) => ({
          topicName: 'topic',
          partition,
          errorCode: 0,
          baseOffset: String(requests.length * 100),
        }));
      },
    };
  };
  // of all that a client can, a publisher uses these
  const publisher = new KafkaPublisher({ producer: newProducer } as unknown as Kafka);
  return { publisher, requests, producers };
};

const refusal = () => Object.assign(new Error('judged'), { name: 'KafkaJSProtocolError', retriable: false });

describe('a publisher to Kafka', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('sends one request at a time and what gathers meanwhile with the next, in order, and tells the places', async () => {
    const gate = Promise.withResolvers<void>();
    const { publisher, requests } = make((_, request) => request === 1 && gate.promise);
    await publisher.connect();
    const first = publisher.publish([message('a')]);
    await until('it is under way', () => requests.length === 1);
    const others = ['b', 'c', 'd'].map((text, index) =>
      publisher.publish([message(text, { partition: index % 2 })]),
    );
    expect(requests).toEqual([['a']]);
    expect(publisher.silentMs).toBeGreaterThan(0);
    gate.resolve();
    expect(await first).toEqual([{ partition: 0, offset: 100 }]);
    expect((await Promise.all(others)).flat()).toEqual([
      { partition: 0, offset: 200 },
      { partition: 1, offset: 200 },
      { partition: 0, offset: 201 },
    ]);
    expect(requests).toEqual([['a'], ['b', 'c', 'd']]);
    expect([publisher.requests, publisher.silentMs]).toEqual([2, 0]);
  });

  it('lets a message that the broker refuses hold up no other', async () => {
    const { publisher, requests } = make((texts) => {
      if (texts.includes('bad')) throw refusal();
    });
    await publisher.connect();
    const [before, bad, after] = ['before', 'bad', 'after'].map((text) => publisher.publish([message(text)]));
    await expect(bad).rejects.toThrow('judged');
    await Promise.all([before, after]);
    expect(requests).toEqual([['before', 'bad', 'after'], ['before'], ['bad'], ['after']]);
  });

  it('brings one partition at most 900 kB with a request, and a larger message alone', async () => {
    const { publisher, requests } = make();
    await publisher.connect();
    const of = (text: string, kb: number, partition = 0) =>
      message('', { partition, value: Buffer.alloc(kb * KB, text.padEnd(10)) });
    await publisher.publish([of('a', 500), of('b', 500, 1), of('c', 399), of('d', 399), of('e', 1000)]);
    const trimmed = requests.map((texts) => texts.map((text) => text.trim()));
    expect(trimmed).toEqual([['a', 'b', 'c'], ['d'], ['e']]);
  });

  it('brings at most 8 MiB with a request', async () => {
    const { publisher, requests } = make();
    await publisher.connect();
    const value = Buffer.alloc(800 * KB);
    await publisher.publish(Array.from({ length: 12 }, (_, partition) => message('', { partition, value })));
    expect(requests.map((texts) => texts.length)).toEqual([10, 2]);
  });

  it('takes no more where over 32 MiB wait for the broker, until it has taken some', async () => {
    const gate = Promise.withResolvers<void>();
    const { publisher, requests } = make(() => gate.promise);
    await publisher.connect();
    const value = Buffer.alloc(800 * KB);
    const open = [publisher.publish([message('first')])];
    await until('it is under way', () => requests.length === 1);
    // the last of them is taken at a little less than the bound
    for (let partition = 0; partition < 42; partition++)
      open.push(publisher.publish([message('', { partition, value })]));
    expect(publisher.waitingBytes).toBeGreaterThan(32 * 1024 * 1024);
    await expect(publisher.publish([message('more')])).rejects.toThrow(TOO_MUCH);
    gate.resolve();
    await Promise.all(open);
    expect(publisher.waitingBytes).toBe(0);
    await publisher.publish([message('more')]);
  });

  it('sends again by another client what did not reach the broker', async () => {
    const { publisher, requests, producers } = make((_, request) => {
      if (request === 1) throw new Error('away');
    });
    await publisher.connect();
    await publisher.publish([message('a'), message('b')]);
    expect(requests).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(producers).toEqual(['disconnected', 'connected']);
    expect(publisher.requests).toBe(1);
  });

  it('waits ten seconds for an answer, and sends again then', async () => {
    const { publisher, requests } = make((_, request) => request === 1 && new Promise(() => undefined));
    await publisher.connect();
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask', 'performance'] });
    const sent = publisher.publish([message('a')]);
    await until('it is under way', () => requests.length === 1);
    jest.advanceTimersByTime(10_000);
    await sent;
    expect(requests).toEqual([['a'], ['a']]);
  });

  it('refuses when it is closed what the broker has not taken, and connects no more', async () => {
    const gate = Promise.withResolvers<void>();
    const { publisher, requests, producers } = make(() => gate.promise);
    await publisher.connect();
    const underway = publisher.publish([message('a')]);
    await until('it is under way', () => requests.length === 1);
    const waiting = publisher.publish([message('b')]);
    gate.reject(new Error('away'));
    // it pauses before it tries again
    await new Promise(setImmediate);
    await publisher.close();
    await expect(waiting).rejects.toThrow('closed');
    await expect(underway).rejects.toThrow('disconnected');
    await expect(publisher.publish([message('c')])).rejects.toThrow('closed');
    expect([requests, producers]).toEqual([[['a']], ['disconnected']]);
  });

  it('leaves no client behind that connects while it is closed', async () => {
    const gate = Promise.withResolvers<void>();
    const { publisher, producers } = make(
      () => Promise.reject(new Error('away')),
      (own) => own === 1 && gate.promise,
    );
    await publisher.connect();
    const sent = publisher.publish([message('a')]);
    await until('another is made', () => producers.length === 2);
    await publisher.close();
    gate.resolve();
    await expect(sent).rejects.toThrow('disconnected');
    expect(producers).toEqual(['disconnected', 'disconnected']);
  });
});
