import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ExecutorStatus, TOPICS } from '#libs/contracts';
import { DEFAULTS } from '#libs/domain';
import { PartsOfExecutor } from '../../../../libs/testing/src/executor-parts.ts';
import { PlayedConductor } from '../../../../libs/testing/src/played-conductor.ts';
import { until } from '../../../../libs/testing/src/until.ts';
import { Attempts } from './attempts.ts';
import { StatusPublisher } from './status.publisher.ts';

describe('the status of an executor', () => {
  let parts: PartsOfExecutor;
  let attempts: Attempts;
  let publisher: StatusPublisher;
  beforeEach(async () => {
    parts = await PartsOfExecutor.start();
    attempts = new Attempts();
    publisher = new StatusPublisher({ ...partsOf(parts), attempts });
  });
  afterEach(async () => {
    publisher.stop();
    jest.useRealTimers();
    await parts.stop();
  });
  const partsOf = ({ bus, executorId, road, pool, outbox, presence }: PartsOfExecutor) => ({
    bus,
    executorId,
    road,
    pool,
    outbox,
    presence,
  });
  const said = () =>
    parts.bus.batches
      .flat()
      .filter((message) => message.topic === TOPICS.executorStatus)
      .map((message) => ExecutorStatus.decode(message.value).data);

  it('says what is held, what is done, how far its events are, and what room there is', async () => {
    const key = (runId: string) => ({ organizationId: 'o1', runId, attempt: 1 });
    for (const runId of ['r1', 'r2']) attempts.accept(key(runId));
    attempts.finish(key('r2'), 'lost');
    await parts.pool.take('o1', false);
    parts.outbox.offsets[3] = 17;
    parts.road.hear(new PlayedConductor(parts.road, 7).say({ kind: 'recorded', attempts: [] }));
    publisher.isDraining = true;
    await publisher.publish();
    expect(said()).toEqual([
      {
        executorId: parts.executorId,
        maxRunners: 2,
        slotsPerRunner: DEFAULTS.slotsPerRunner,
        warm: { o1: DEFAULTS.slotsPerRunner - 1 },
        held: [key('r1')],
        done: [{ ...key('r2'), outcome: 'lost' }],
        eventOffsets: { 3: 17 },
        isDraining: true,
        isParked: false,
        pulse: 1,
        term: 7,
      },
    ]);
  });

  it('comes at once at the start, and each second from then on', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'performance', 'setImmediate'] });
    const saidAfter = async (milliseconds: number) => {
      jest.advanceTimersByTime(milliseconds);
      await new Promise(setImmediate);
      return said().length;
    };
    publisher.start();
    expect([await saidAfter(0), await saidAfter(999), await saidAfter(1)]).toEqual([1, 1, 2]);
  });

  it('comes once for all that asked for it in one turn', async () => {
    publisher.soon();
    publisher.soon();
    await until('it is said', () => said().length > 0);
    expect(said()).toHaveLength(1);
    publisher.soon();
    await until('it is said again', () => said().length > 1);
    expect(said()).toHaveLength(2);
  });

  it('is followed by the next one where the bus does not take it', async () => {
    parts.bus.before = () => Promise.reject(new Error('not now'));
    await publisher.publish();
    parts.bus.before = async () => undefined;
    await publisher.publish();
    expect(said()).toHaveLength(1);
  });
});
