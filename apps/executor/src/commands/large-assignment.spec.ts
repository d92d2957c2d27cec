import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Assignment } from '#libs/contracts';
import { CommandedExecutor } from '../../../../libs/testing/src/commanded-executor.ts';
import { PlayedConductor } from '../../../../libs/testing/src/played-conductor.ts';
import { StubOrigin } from '../../../../libs/testing/src/stub-origin.ts';
import { until } from '../../../../libs/testing/src/until.ts';

describe('an assignment that comes by the blob store', () => {
  let executor: CommandedExecutor;
  beforeEach(async () => {
    executor = await CommandedExecutor.start();
    await executor.bus.publish([executor.conductor.say({ kind: 'recorded', attempts: [] })]);
    await until('the term is known', () => executor.parts.road.term === 1);
    executor.announced = 0;
  });
  afterEach(() => executor.stop());

  const assign = async ({ runId, attempt }: Assignment, url: string) => {
    await executor.bus.publish([executor.conductor.say({ kind: 'assign', runId, attempt, url })]);
    await until('it is taken', () => executor.attempts.held().length + executor.attempts.done().length === 1);
  };

  it('begins when it is there, once, however often it is sent', async () => {
    const assignment = executor.parts.assignment();
    executor.parts.stored.set('/sealed', executor.conductor.seal(assignment));
    await assign(assignment, executor.parts.urlOf('sealed'));
    await assign(assignment, executor.parts.urlOf('sealed'));
    await until('it starts', () => executor.sent.length === 1);
    await assign(assignment, executor.parts.urlOf('sealed'));
    expect(executor.attempts.held()).toHaveLength(1);
    expect(executor.sent).toHaveLength(1);
  });

  it('begins also where another leads by the time that it is there', async () => {
    const assignment = executor.parts.assignment();
    const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const sealed = executor.conductor.seal(assignment);
    const store = await StubOrigin.start(async (response) => {
      asked.resolve();
      await answered.promise;
      response.end(sealed);
    });
    await assign(assignment, `${store.url}/sealed`);
    await asked.promise;
    const attempts = [{ runId: assignment.runId, attempt: 1 }];
    await executor.bus.publish([
      new PlayedConductor(executor.parts.road, 2).say({ kind: 'roll-call', attempts }),
    ]);
    await until('the other leads', () => executor.parts.road.term === 2);
    answered.resolve();
    await until('it starts', () => executor.sent.length === 1);
    await store.stop();
  });

  it.each<[string, () => void]>([
    ['is not there', () => undefined],
    [
      'was not sealed for it',
      () => executor.parts.stored.set('/sealed', executor.conductor.seal(executor.parts.assignment())),
    ],
  ])('is left to the next attempt where it %s, and that is told at once', async (_what, store) => {
    store();
    await assign(executor.parts.assignment(), executor.parts.urlOf('sealed'));
    await until('it is done', () => executor.attempts.done().length === 1);
    expect([executor.attempts.done()[0]?.outcome, executor.announced]).toEqual(['unserved', 1]);
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
        ({ runId }) => executor.bus.publish([executor.conductor.say({ kind: 'cancel', runId, attempt: 1 })]),
      ],
      [
        'where a roll-call does not name it',
        () => executor.bus.publish([executor.conductor.say({ kind: 'roll-call', attempts: [] })]),
      ],
      ['where the executor drains', () => executor.consumer.drain()],
    ])('%s meanwhile', async (_what, stop) => {
      const assignment = executor.parts.assignment();
      await assign(assignment, `${store.url}/sealed`);
      await asked;
      await stop(assignment);
      await until('it is done', () => executor.attempts.done().length === 1);
      expect([executor.attempts.done()[0]?.outcome, executor.announced]).toEqual(['returned', 1]);
    });
  });
});
