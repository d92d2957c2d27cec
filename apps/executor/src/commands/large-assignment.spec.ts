import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedBus } from '#libs/bus';
import type { Assignment } from '#libs/contracts';
import { PartsOfExecutor } from '../../../../libs/testing/src/executor-parts.ts';
import { PlayedConductor } from '../../../../libs/testing/src/played-conductor.ts';
import { StubOrigin } from '../../../../libs/testing/src/stub-origin.ts';
import { until } from '../../../../libs/testing/src/until.ts';
import { Attempts } from './attempts.ts';
import { CommandConsumer } from './command.consumer.ts';

describe('an assignment that comes by the blob store', () => {
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
    await bus.publish([conductor.say({ kind: 'recorded', attempts: [] })]);
    await until('the term is known', () => parts.road.term === 1);
    announced = 0;
  });
  afterEach(async () => {
    await consumer.drain();
    await bus.close();
    await parts.stop();
  });

  const assign = async ({ runId, attempt }: Assignment, url: string) => {
    await bus.publish([conductor.say({ kind: 'assign', runId, attempt, url })]);
    await until('it is taken', () => attempts.held().length + attempts.done().length === 1);
  };
  const sent = () => parts.driver.sandbox(0).sent;

  it('begins when it is there, once, however often it is sent', async () => {
    const assignment = parts.assignment();
    parts.stored.set('/sealed', conductor.seal(assignment));
    await assign(assignment, parts.urlOf('sealed'));
    await assign(assignment, parts.urlOf('sealed'));
    await until('it starts', () => sent().length === 1);
    await assign(assignment, parts.urlOf('sealed'));
    expect(attempts.held()).toHaveLength(1);
    expect(sent()).toHaveLength(1);
  });

  it('begins also where another leads by the time that it is there', async () => {
    const assignment = parts.assignment();
    const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const sealed = conductor.seal(assignment);
    const store = await StubOrigin.start(async (response) => {
      asked.resolve();
      await answered.promise;
      response.end(sealed);
    });
    await assign(assignment, `${store.url}/sealed`);
    await asked.promise;
    const attempts = [{ runId: assignment.runId, attempt: 1 }];
    await bus.publish([new PlayedConductor(parts.road, 2).say({ kind: 'roll-call', attempts })]);
    await until('the other leads', () => parts.road.term === 2);
    answered.resolve();
    await until('it starts', () => sent().length === 1);
    await store.stop();
  });

  it.each<[string, () => void]>([
    ['is not there', () => undefined],
    ['was not sealed for it', () => parts.stored.set('/sealed', conductor.seal(parts.assignment()))],
  ])('is left to the next attempt where it %s, and that is told at once', async (_what, store) => {
    store();
    await assign(parts.assignment(), parts.urlOf('sealed'));
    await until('it is done', () => attempts.done().length === 1);
    expect([attempts.done()[0]?.outcome, announced]).toEqual(['unserved', 1]);
  });

  describe('is given back', () => {
    let store: StubOrigin;
    let asked: Promise<void>;
    beforeEach(async () => {
      const asking = Promise.withResolvers<void>();
      asked = asking.promise;
      // it never answers
      store = await StubOrigin.start(() => asking.resolve());
    });
    afterEach(() => store.stop());

    it.each<[string, (assignment: Assignment) => Promise<unknown>]>([
      [
        'where it is cancelled',
        ({ runId }) => bus.publish([conductor.say({ kind: 'cancel', runId, attempt: 1 })]),
      ],
      [
        'where a roll-call does not name it',
        () => bus.publish([conductor.say({ kind: 'roll-call', attempts: [] })]),
      ],
      ['where the executor drains', () => consumer.drain()],
    ])('%s meanwhile', async (_what, stop) => {
      const assignment = parts.assignment();
      await assign(assignment, `${store.url}/sealed`);
      await asked;
      await stop(assignment);
      await until('it is done', () => attempts.done().length === 1);
      expect([attempts.done()[0]?.outcome, announced]).toEqual(['returned', 1]);
    });
  });
});
