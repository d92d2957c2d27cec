import { describe, expect, it } from '@jest/globals';
import { DEFAULTS } from '#libs/domain';
import { type HeadName, type QueuedRun, RunQueue } from './run-queue.ts';

const A: HeadName = { organizationId: 'a', projectId: 'p', deploymentId: 'a1' };
const A2: HeadName = { organizationId: 'a', projectId: 'p', deploymentId: 'a2' };
const B: HeadName = { organizationId: 'b', projectId: 'p', deploymentId: 'b1' };
/** Ids in the order of time, as all ids are. */
const id = (number: number) => `run-${String(number).padStart(5, '0')}`;
const run = (name: HeadName, number: number, isAlone = false): QueuedRun => ({
  ...name,
  runId: id(number),
  isAlone,
});
const ids = (from: number, count: number) => Array.from({ length: count }, (_, index) => id(from + index));
const names = (heads: readonly HeadName[]) => heads.map(({ deploymentId }) => deploymentId);

describe('the queue in memory', () => {
  it('gives the oldest run of an organization first, over all its deployments', () => {
    const queue = new RunQueue();
    for (const one of [run(A2, 2), run(A, 1), run(A2, 4), run(A, 3)]) queue.add(one);
    const taken = Array.from({ length: 4 }, () => queue.take('a'));
    expect(taken).toEqual([run(A, 1), run(A2, 2), run(A, 3), run(A2, 4)]);
    expect(queue.take('a')).toBeUndefined();
    expect(queue.take('somebody')).toBeUndefined();
  });

  it('begins with the organization that was served longest ago', () => {
    const queue = new RunQueue();
    for (const one of [run(A, 1), run(A, 2), run(B, 3), run(B, 4)]) queue.add(one);
    const order = () => [...queue.waiting()].map(({ organizationId }) => organizationId);
    expect(order()).toEqual(['a', 'b']);
    queue.take('a');
    expect(order()).toEqual(['b', 'a']);
    queue.take('b');
    expect(order()).toEqual(['a', 'b']);
  });

  it('names of some only those who have runs, in the same order', () => {
    const queue = new RunQueue();
    for (const one of [run(A, 1), run(A, 2), run(B, 3), run({ ...B, organizationId: 'c' }, 4)])
      queue.add(one);
    queue.take('a');
    const among = (...ids: string[]) => [...queue.waiting(new Set(ids))];
    expect(among('a', 'b', 'nobody').map(({ organizationId }) => organizationId)).toEqual(['b', 'a']);
    expect(among()).toEqual([]);
  });

  it('counts what could be placed now, and leaves out who has nothing', () => {
    const queue = new RunQueue();
    for (const one of [run(A, 1), run(A2, 2), run(B, 3)]) queue.add(one);
    queue.take('b');
    queue.mark({ organizationId: 'c', projectId: 'p', deploymentId: 'c1' });
    expect([...queue.waiting()]).toEqual([{ organizationId: 'a', runs: 2 }]);
  });

  it('holds a run once, however often it is hinted at', () => {
    const queue = new RunQueue();
    for (let hint = 0; hint < 3; hint += 1) queue.add(run(A, 1));
    expect([...queue.waiting()]).toEqual([{ organizationId: 'a', runs: 1 }]);
  });

  it('holds no more than a head of a long backlog, and asks for the rest when that is taken', () => {
    const queue = new RunQueue();
    for (let number = 0; number < 1_000; number += 1) queue.add(run(A, number));
    expect([...queue.waiting()]).toEqual([{ organizationId: 'a', runs: DEFAULTS.queueHeadRuns }]);
    expect(queue.dry()).toEqual([]);
    for (let taken = 0; taken < DEFAULTS.queueHeadRuns; taken += 1) queue.take('a');
    expect(names(queue.dry())).toEqual(['a1']);
    queue.refill(A, ids(64, DEFAULTS.queueHeadRuns));
    expect(queue.take('a')).toEqual(run(A, 64));
  });

  it('lets a newer run not overtake those that it does not hold', () => {
    const queue = new RunQueue();
    for (let number = 0; number <= DEFAULTS.queueHeadRuns; number += 1) queue.add(run(A, number));
    for (let taken = 0; taken < 10; taken += 1) queue.take('a');
    queue.add(run(A, 99));
    const left = Array.from({ length: 64 }, () => queue.take('a')).filter((one) => one !== undefined);
    expect(left.map(({ runId }) => runId)).toEqual(ids(10, 54));
  });

  it('asks for more after a full head, and for no more after one that was not', () => {
    const queue = new RunQueue();
    queue.mark(A);
    queue.refill(A, ids(0, DEFAULTS.queueHeadRuns));
    while (queue.take('a'));
    expect(names(queue.dry())).toEqual(['a1']);
    queue.refill(A, ids(64, 2));
    while (queue.take('a'));
    expect(queue.dry()).toEqual([]);
  });

  it('asks where a sweep has found runs and it has none, and only there', () => {
    const queue = new RunQueue();
    queue.add(run(A, 1));
    queue.mark(A);
    queue.mark(B);
    expect(names(queue.dry())).toEqual(['b1']);
  });

  it('forgets who has no work: an empty answer ends the asking', () => {
    const queue = new RunQueue();
    queue.mark(A);
    queue.refill(A, []);
    expect(queue.dry()).toEqual([]);
    queue.add(run(B, 1));
    queue.take('b');
    expect(queue['lines'].size).toBe(0);
  });

  it('knows which run has a runner of its own, before it is taken and as it is', () => {
    const queue = new RunQueue();
    for (const one of [run(A, 1), run(A, 2, true)]) queue.add(one);
    queue.refill(A2, ids(3, 2), ids(4, 1));
    const taken = Array.from({ length: 4 }, () => [queue.isNextAlone('a'), queue.take('a')?.isAlone]);
    expect(taken).toEqual([
      [false, false],
      [true, true],
      [false, false],
      [true, true],
    ]);
    expect(queue.isNextAlone('a')).toBe(false);
  });

  it('asks again for a run that was hinted at while it asked', () => {
    const queue = new RunQueue();
    queue.mark(A);
    expect(names(queue.dry())).toEqual(['a1']);
    queue.add(run(A, 7));
    queue.refill(A, []);
    expect(names(queue.dry())).toEqual(['a1']);
    queue.refill(A, ids(7, 1));
    expect(queue.take('a')).toEqual(run(A, 7));
    expect(queue.dry()).toEqual([]);
  });
});
