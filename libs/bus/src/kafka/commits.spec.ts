import { describe, expect, it } from '@jest/globals';
import type { Consumer } from 'kafkajs';
import { until } from '#libs/testing';
import { Commits } from './commits.ts';

/** A consumer whose broker answers a commit when the test says so. */
const make = () => {
  const told: string[][] = [];
  const answers: (() => void)[] = [];
  const commitOffsets: Consumer['commitOffsets'] = (offsets) => {
    told.push(offsets.map(({ partition, offset }) => `${partition}: ${offset}`));
    return new Promise((resolve) => answers.push(resolve));
  };
  // of all that a client can, commits use this
  const consumer = { commitOffsets } as Consumer;
  const commits = new Commits('topic');
  const handled = (partition: number, offset: number) => {
    commits.add(partition, offset);
    return commits.send(consumer);
  };
  return { commits, consumer, told, answers, handled };
};

describe('the commits of a group', () => {
  it('are one at a time, and the next has the last of what was handled meanwhile', async () => {
    const { commits, told, answers, handled } = make();
    const sent = handled(0, 5);
    await Promise.all([handled(0, 6), handled(1, 9), handled(2, 1), handled(0, 7)]);
    commits.forget(2);
    expect(told).toEqual([['0: 5']]);
    answers[0]?.();
    await until('the next is sent', () => told.length === 2);
    answers[1]?.();
    await sent;
    expect(told).toEqual([['0: 5'], ['0: 7', '1: 9']]);
  });

  it('wait for none that is under way when the reader ends', async () => {
    const { commits, told, answers, handled } = make();
    const stuck = handled(0, 5);
    commits.hurry();
    const last = handled(0, 6);
    expect(told).toEqual([['0: 5'], ['0: 6']]);
    for (const answer of answers) answer();
    await Promise.all([stuck, last]);
  });
});
