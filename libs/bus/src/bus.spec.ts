import { describe, expect, it } from '@jest/globals';
import { TOPICS } from '#libs/contracts';
import { type Delivery, DONE, oneByOne } from './bus.ts';
import { deadLetterOf } from './dead-letter.ts';

const delivery = (offset: number): Delivery => ({
  topic: TOPICS.runEvent,
  key: 'key',
  headers: { 'a-header': 'yes' },
  value: Buffer.from([0xff, 0]),
  partition: 3,
  offset,
  sentAtMs: 0,
});

describe('handling one by one', () => {
  it('gives each delivery its own outcome, in order, and makes a throw a retry', async () => {
    const handled: number[] = [];
    const outcomes = await oneByOne(async ({ offset }) => {
      handled.push(offset);
      if (offset === 1) throw new Error('not this one');
      return offset === 2 ? { kind: 'dead', reason: 'no' } : DONE;
    })([delivery(0), delivery(1), delivery(2)]);
    expect(handled).toEqual([0, 1, 2]);
    expect(outcomes).toEqual([
      DONE,
      { kind: 'retry', cause: new Error('not this one') },
      { kind: 'dead', reason: 'no' },
    ]);
  });
});

describe('a dead letter', () => {
  it('holds the delivery, its place, its reader and the reason', () => {
    expect(deadLetterOf('recorder', delivery(7), 'not an event')).toEqual({
      topic: 'hg.dead.v1',
      key: 'key',
      value: Buffer.from([0xff, 0]),
      headers: {
        'a-header': 'yes',
        'dead-reader': 'recorder',
        'dead-topic': 'hg.run.event.v1',
        'dead-partition': '3',
        'dead-offset': '7',
        'dead-reason': 'not an event',
      },
    });
  });
});
