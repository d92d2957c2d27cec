import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedBus } from '#libs/bus';
import { type Assignment, commandPartition, TOPICS } from '#libs/contracts';
import { PartsOfExecutor } from '../../../../libs/testing/src/executor-parts.ts';
import { PlayedConductor } from '../../../../libs/testing/src/played-conductor.ts';
import { TEST_POOL_KEY } from '../../../../libs/testing/src/played-executors.ts';
import { until } from '../../../../libs/testing/src/until.ts';
import { Attempts } from './attempts.ts';
import { CommandConsumer } from './command.consumer.ts';
import { ConductorRoad } from './conductor-road.ts';

describe('the commands of an executor', () => {
  let parts: PartsOfExecutor;
  let bus: EmbeddedBus;
  let attempts: Attempts;
  let consumer: CommandConsumer;
  let conductor: PlayedConductor;
  let announced: number;
  beforeEach(async () => {
    parts = await PartsOfExecutor.start();
    bus = new EmbeddedBus({ partitions: 4 });
    attempts = new Attempts();
    announced = 0;
    conductor = new PlayedConductor(parts.road);
    const { executorId, road, outbox, plans, pool, brokers, presence, cancelGraceMs } = parts;
    consumer = new CommandConsumer({
      ...{ executorId, road, outbox, plans, pool, brokers, presence, cancelGraceMs },
      bus,
      attempts,
      announce: () => {
        announced += 1;
      },
    });
    await consumer.start();
  });
  afterEach(async () => {
    await consumer.drain();
    await bus.close();
    await parts.stop();
  });

  const assignment = () => parts.assignment({ organizationId: 'o1' });
  const say = (...command: Parameters<PlayedConductor['say']>) => bus.publish([conductor.say(...command)]);
  const assign = (assignment: Assignment) => bus.publish([conductor.assign(assignment)]);
  const sent = () => parts.driver.sandbox(0).sent;
  const keyOf = ({ organizationId, runId, attempt }: Assignment) => ({ organizationId, runId, attempt });

  it('start an attempt once, however often it is assigned, and a later one as well', async () => {
    const first = assignment();
    const second = { ...first, attempt: 2 };
    for (const one of [first, first, second, first]) await assign(one);
    await until('both start', () => sent().length === 2);
    expect(attempts.held()).toEqual([keyOf(first), keyOf(second)]);
    parts.driver.sandbox(0).say({ kind: 'done', run: 1, result: { is: 'cancelled' } });
    await until('the first is done', () => attempts.done().length === 1);
    await say({ kind: 'recorded', attempts: [keyOf(first)] });
    await assign(first);
    const last = assignment();
    await assign(last);
    await until('the last starts', () => sent().length === 3);
    expect(attempts.held()).toEqual([keyOf(second), keyOf(last)]);
    expect(attempts.done()).toEqual([]);
  });

  it('cancel the attempt that they name, and nothing where it is not here', async () => {
    const one = assignment();
    await assign(one);
    await until('it starts', () => sent().length === 1);
    const cancel = (attempt: number) => say({ kind: 'cancel', runId: one.runId, attempt });
    await cancel(2);
    await assign(assignment());
    await until('another starts', () => sent().length === 2);
    await cancel(1);
    await until('it is told', () => sent().length === 3);
    expect(sent()[1]).toMatchObject({ kind: 'start', run: 2 });
    expect(sent()[2]).toEqual({ kind: 'cancel', run: 1 });
  });

  it('end its parking where they call the roll, and only in answer to a word of it', async () => {
    const { presence } = parts;
    presence['hasParked'] = true;
    await say({ kind: 'roll-call', attempts: [] });
    await say({ kind: 'roll-call', attempts: [], pulse: presence.speak() + 1 });
    await assign(assignment());
    await until('all are heard', () => sent().length === 1);
    expect(presence.isParked).toBe(true);
    await say({ kind: 'roll-call', attempts: attempts.held(), pulse: presence.speak() });
    await until('it goes on', () => !presence.isParked);
  });

  it('of another executor are left alone', async () => {
    const other = new ConductorRoad(TEST_POOL_KEY);
    const theirs = new PlayedConductor(other).assign(assignment());
    await bus.publish([{ ...theirs, partition: commandPartition(parts.executorId, bus.partitions) }]);
    const own = assignment();
    await assign(own);
    await until('its own starts', () => sent().length === 1);
    expect(attempts.held()).toEqual([keyOf(own)]);
  });

  it('are not taken from one who led before, and are from the next', async () => {
    const [one, late, same, next] = [assignment(), assignment(), assignment(), assignment()];
    const [second, third] = [new PlayedConductor(parts.road, 2), new PlayedConductor(parts.road, 3)];
    for (const said of [second.assign(one), conductor.assign(late), second.assign(same), third.assign(next)])
      await bus.publish([said]);
    await until('those of the leaders start', () => sent().length === 3);
    expect(attempts.held()).toEqual([one, same, next].map(keyOf));
    expect([announced, parts.road.term]).toEqual([2, 3]);
  });

  it('that are none are dead, and the next one is taken', async () => {
    const dead = Promise.withResolvers<string>();
    await bus.subscribe({
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
    await until('the next one starts', () => sent().length === 1);
  });

  it('are told of at once where an attempt does not end here, and not where it ends', async () => {
    await assign(assignment());
    await until('it starts', () => sent().length === 1);
    announced = 0;
    parts.driver.sandbox(0).say({ kind: 'done', run: 1, result: { is: 'cancelled' } });
    await until('it ended', () => attempts.done()[0]?.outcome === 'ended');
    expect(announced).toBe(0);
    await assign(assignment());
    await until('another starts', () => attempts.held().length === 1);
    await consumer.drain();
    expect(attempts.done().map(({ outcome }) => outcome)).toEqual(['ended', 'returned']);
    expect(announced).toBe(1);
  });

  it('are taken no more once the executor drains', async () => {
    await consumer.drain();
    await assign(assignment());
    await new Promise(setImmediate);
    expect(attempts.held()).toEqual([]);
  });
});
