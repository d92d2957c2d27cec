import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Assignment, commandPartition, TOPICS } from '#libs/contracts';
import { CommandedExecutor, keyOf } from '../../../../libs/testing/src/commanded-executor.ts';
import { PlayedConductor } from '../../../../libs/testing/src/played-conductor.ts';
import { TEST_POOL_KEY } from '../../../../libs/testing/src/played-executors.ts';
import { until } from '../../../../libs/testing/src/until.ts';
import { ConductorRoad } from './conductor-road.ts';

describe('the commands of an executor', () => {
  let executor: CommandedExecutor;
  beforeEach(async () => {
    executor = await CommandedExecutor.start();
  });
  afterEach(() => executor.stop());

  const assignment = () => executor.parts.assignment({ organizationId: 'o1' });
  const say = (...command: Parameters<PlayedConductor['say']>) =>
    executor.bus.publish([executor.conductor.say(...command)]);
  const assign = (assignment: Assignment) => executor.bus.publish([executor.conductor.assign(assignment)]);

  it('start an attempt once, however often it is assigned, and a later one as well', async () => {
    const first = assignment();
    const second = { ...first, attempt: 2 };
    for (const one of [first, first, second, first]) await assign(one);
    await until('both start', () => executor.sent.length === 2);
    expect(executor.attempts.held()).toEqual([keyOf(first), keyOf(second)]);
    executor.parts.driver.sandbox(0).say({ kind: 'done', run: 1, result: { is: 'cancelled' } });
    await until('the first is done', () => executor.attempts.done().length === 1);
    await say({ kind: 'recorded', attempts: [keyOf(first)] });
    await assign(first);
    const last = assignment();
    await assign(last);
    await until('the last starts', () => executor.sent.length === 3);
    expect(executor.attempts.held()).toEqual([keyOf(second), keyOf(last)]);
    expect(executor.attempts.done()).toEqual([]);
  });

  it('cancel the attempt that they name, and nothing where it is not here', async () => {
    const one = assignment();
    await assign(one);
    await until('it starts', () => executor.sent.length === 1);
    const cancel = (attempt: number) => say({ kind: 'cancel', runId: one.runId, attempt });
    await cancel(2);
    await assign(assignment());
    await until('another starts', () => executor.sent.length === 2);
    await cancel(1);
    await until('it is told', () => executor.sent.length === 3);
    expect(executor.sent[1]).toMatchObject({ kind: 'start', run: 2 });
    expect(executor.sent[2]).toEqual({ kind: 'cancel', run: 1 });
  });

  it('end its parking where they call the roll, and only in answer to a word of it', async () => {
    const { presence } = executor.parts;
    presence['hasParked'] = true;
    await say({ kind: 'roll-call', attempts: [] });
    await say({ kind: 'roll-call', attempts: [], pulse: presence.speak() + 1 });
    await assign(assignment());
    await until('all are heard', () => executor.sent.length === 1);
    expect(presence.isParked).toBe(true);
    await say({ kind: 'roll-call', attempts: executor.attempts.held(), pulse: presence.speak() });
    await until('it goes on', () => !presence.isParked);
  });

  it('of another executor are left alone', async () => {
    const other = new ConductorRoad(TEST_POOL_KEY);
    const theirs = new PlayedConductor(other).assign(assignment());
    await executor.bus.publish([
      { ...theirs, partition: commandPartition(executor.parts.executorId, executor.bus.partitions) },
    ]);
    const own = assignment();
    await assign(own);
    await until('its own starts', () => executor.sent.length === 1);
    expect(executor.attempts.held()).toEqual([keyOf(own)]);
  });

  it('are not taken from one who led before, and are from the next', async () => {
    const [one, late, same, next] = [assignment(), assignment(), assignment(), assignment()];
    const [second, third] = [
      new PlayedConductor(executor.parts.road, 2),
      new PlayedConductor(executor.parts.road, 3),
    ];
    for (const said of [
      second.assign(one),
      executor.conductor.assign(late),
      second.assign(same),
      third.assign(next),
    ])
      await executor.bus.publish([said]);
    await until('those of the leaders start', () => executor.sent.length === 3);
    expect(executor.attempts.held()).toEqual([one, same, next].map(keyOf));
    expect([executor.announced, executor.parts.road.term]).toEqual([2, 3]);
  });

  it('that are none are dead, and the next one is taken', async () => {
    const dead = Promise.withResolvers<string>();
    await executor.bus.subscribe({
      reader: 'test',
      topic: TOPICS.dead,
      group: 'alone',
      handle: async (deliveries) => {
        dead.resolve(JSON.stringify(deliveries[0]?.headers));
        return deliveries.map(() => ({ kind: 'done' }));
      },
    });
    await say({ kind: 'assign', runId: 'r1', attempt: 0 });
    expect(await dead.promise).toContain('no executor.command message');
    await assign(assignment());
    await until('the next one starts', () => executor.sent.length === 1);
  });

  it('are told of at once where an attempt does not end here, and not where it ends', async () => {
    await assign(assignment());
    await until('it starts', () => executor.sent.length === 1);
    executor.announced = 0;
    executor.parts.driver.sandbox(0).say({ kind: 'done', run: 1, result: { is: 'cancelled' } });
    await until('it ended', () => executor.attempts.done()[0]?.outcome === 'ended');
    expect(executor.announced).toBe(0);
    await assign(assignment());
    await until('another starts', () => executor.attempts.held().length === 1);
    await executor.consumer.drain();
    expect(executor.attempts.done().map(({ outcome }) => outcome)).toEqual(['ended', 'returned']);
    expect(executor.announced).toBe(1);
  });

  it('are taken no more once the executor drains', async () => {
    await executor.consumer.drain();
    await assign(assignment());
    await new Promise(setImmediate);
    expect(executor.attempts.held()).toEqual([]);
  });
});
