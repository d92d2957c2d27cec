import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedBus } from '#libs/bus';
import { type Assignment, commandPartition, ExecutorCommand, saidInTerm, TOPICS } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { PartsOfExecutor } from '../../../../libs/testing/src/executor-parts.ts';
import { until } from '../../../../libs/testing/src/until.ts';
import { Attempts } from './attempts.ts';
import { CommandConsumer } from './command.consumer.ts';

type Command = Parameters<typeof ExecutorCommand.encode>[1];

describe('the commands of an executor', () => {
  let parts: PartsOfExecutor;
  let bus: EmbeddedBus;
  let attempts: Attempts;
  let consumer: CommandConsumer;
  let announced: number;
  beforeEach(async () => {
    parts = await PartsOfExecutor.start();
    bus = new EmbeddedBus({ partitions: 4 });
    attempts = new Attempts();
    announced = 0;
    const { executorId, outbox, plans, pool, brokers, presence, cancelGraceMs } = parts;
    consumer = new CommandConsumer({
      ...{ executorId, outbox, plans, pool, brokers, presence, cancelGraceMs },
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
  const publish = (command: Command, executorId = parts.executorId, term = 1) =>
    bus.publish([
      {
        ...saidInTerm(ExecutorCommand.encode('o1', command, { executorid: executorId }), term),
        partition: commandPartition(parts.executorId, bus.partitions),
      },
    ]);
  const assign = (assignment: Assignment, executorId?: string, term?: number) =>
    publish({ kind: 'assign', executorId: parts.executorId, assignment }, executorId, term);
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
    await publish({ kind: 'recorded', executorId: parts.executorId, attempts: [keyOf(first)] });
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
    const cancel = (attempt: number) =>
      publish({ kind: 'cancel', executorId: parts.executorId, runId: one.runId, attempt });
    await cancel(2);
    await assign(assignment());
    await until('another starts', () => sent().length === 2);
    await cancel(1);
    await until('it is told', () => sent().length === 3);
    expect(sent()[1]).toMatchObject({ kind: 'start', run: 2 });
    expect(sent()[2]).toEqual({ kind: 'cancel', run: 1 });
  });

  it('of another executor are left alone', async () => {
    await assign(assignment(), newId());
    const own = assignment();
    await assign(own);
    await until('its own starts', () => sent().length === 1);
    expect(attempts.held()).toEqual([keyOf(own)]);
  });

  it('are not taken from one who led before, and are from the next', async () => {
    const [one, late, same, next] = [assignment(), assignment(), assignment(), assignment()];
    const { executorId } = parts;
    expect(consumer.term).toBe(0);
    for (const [command, term] of [
      [one, 2],
      [late, 1],
      [same, 2],
      [next, 3],
    ] as const)
      await assign(command, executorId, term);
    await until('those of the leaders start', () => sent().length === 3);
    expect(attempts.held()).toEqual([one, same, next].map(keyOf));
    expect(consumer.term).toBe(3);
  });

  it('raise the term only where they are commands', async () => {
    const message = ExecutorCommand.encode(null, { kind: 'recorded', executorId: 'e', attempts: [] });
    const headers = { executorid: parts.executorId, term: '9' };
    const partition = commandPartition(parts.executorId, bus.partitions);
    await bus.publish([{ ...message, partition, headers, value: Buffer.from('{}') }]);
    const one = assignment();
    await assign(one);
    await until('it starts', () => sent().length === 1);
    expect(consumer.term).toBe(1);
  });

  it('that are none are dead, and the next one is taken', async () => {
    const message = ExecutorCommand.encode('o1', {
      kind: 'recorded',
      executorId: parts.executorId,
      attempts: [],
    });
    const partition = commandPartition(parts.executorId, bus.partitions);
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
    await bus.publish([
      {
        ...message,
        partition,
        headers: { executorid: parts.executorId },
        value: Buffer.from('{"kind":"assign"}'),
      },
    ]);
    expect(await dead.promise).toContain('no executor.command message');
    await assign(assignment());
    await until('the next one starts', () => sent().length === 1);
  });

  it('are told of at once where an attempt does not end here, and not where it ends', async () => {
    await assign(assignment());
    await until('it starts', () => sent().length === 1);
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
