import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Delivery, EmbeddedBus } from '#libs/bus';
import { type BusMessage, ExecutorStatus, type ExecutorStatusData } from '#libs/contracts';
import { introduction, newExecutorId } from '#libs/crypto';
import { newId } from '#libs/kernel';
import { acquaint, deadLetters, playExecutor, roadOf, TEST_POOL_KEY, until } from '#libs/testing';
import { executorStatus } from '../../../../libs/testing/src/executor-status.ts';
import { Roads } from '../leader/roads.ts';
import { StatusConsumer } from './status.consumer.ts';

describe("executors' statuses", () => {
  let bus: EmbeddedBus;
  let letters: Delivery[];
  let heard: ExecutorStatusData[];
  let probes: string[];
  let faults: number;
  let introductions: string[];
  let roads: Roads;
  beforeEach(async () => {
    bus = new EmbeddedBus({ partitions: 1 });
    letters = await deadLetters(bus);
    heard = [];
    probes = [];
    faults = 0;
    introductions = [];
    roads = new Roads(TEST_POOL_KEY, 1);
    await new StatusConsumer(bus, roads, {
      introduced: async (executorId) => {
        introductions.push(executorId);
      },
      status: async (status) => {
        if (faults-- > 0) throw new Error('not now');
        heard.push(status);
      },
      probe: async (nonce) => {
        probes.push(nonce);
      },
    }).start();
  });
  afterEach(() => bus.close());

  /** Of an executor that the conductor knows. */
  const status = (more: Partial<ExecutorStatusData> = {}) => {
    const { executorId = playExecutor() } = more;
    acquaint(roads, roadOf(executorId));
    return executorStatus({ executorId, ...more });
  };
  const said = (data: ExecutorStatusData, road = roadOf(data.executorId)) =>
    road.say(ExecutorStatus.encode(null, data));
  const expectHeard = async (given: ExecutorStatusData[]) => {
    await until('all are heard', () => heard.length === given.length);
    expect(heard).toEqual(given);
  };

  it('are heard in their order', async () => {
    const given = [status({ maxRunners: 2 }), status(), status({ isDraining: true })];
    await bus.publish(given.map((one) => said(one)));
    await expectHeard(given);
  });

  it('are heard again where they could not be dealt with', async () => {
    faults = 1;
    const given = status();
    await bus.publish([said(given)]);
    await expectHeard([given]);
    expect(letters).toEqual([]);
  });

  it('are heard once, and none that was said before the last one that was heard', async () => {
    const [first, second] = [status(), status()].map((one) => said({ ...one, executorId: one.executorId }));
    const last = status();
    await bus.publish([first, second, first, second, said(last)] as BusMessage[]);
    await until('the last is heard', () => heard.at(-1)?.executorId === last.executorId);
    expect(heard).toHaveLength(3);
    expect(letters).toEqual([]);
  });

  it('bring whoever has not heard of the term an answer, and nothing else', async () => {
    const executorId = playExecutor();
    const introduction = said(executorStatus({ executorId, term: 0 }));
    const last = status();
    await bus.publish([introduction, introduction, said(last)]);
    await expectHeard([last]);
    expect(introductions).toEqual([executorId, executorId]);
    expect(letters).toEqual([]);
  });

  it.each<[string, () => BusMessage, string]>([
    ['hold no JSON', () => ({ ...said(status()), value: Buffer.from([0]) }), 'no executor.status message'],
    [
      'name what is no partition',
      () => said(status({ eventOffsets: { all: 1 } })),
      'no executor.status message',
    ],
    [
      'name a partition beyond all numbers',
      () => said(status({ eventOffsets: { 2147483648: 1 } })),
      'no executor.status message',
    ],
    ['hold no slots', () => said(status({ slotsPerRunner: 0 })), 'no executor.status message'],
    [
      'hold an executor that is no id',
      () => said(executorStatus({ executorId: 'e' }), roadOf(playExecutor())),
      'what is no id',
    ],
    [
      'another executor said in its name',
      () => said(status(), roadOf(status().executorId)),
      'a status that its executor has not said',
    ],
    [
      'another executor introduces in its name',
      () => said({ ...status(), term: 0 }, roadOf(playExecutor())),
      'an introduction with another key',
    ],
    [
      'were changed since',
      () => ({ ...said(status()), value: ExecutorStatus.encode(null, status()).value }),
      'a status',
    ],
    [
      'nobody with the pool key has said',
      () => {
        const executorId = playExecutor(Buffer.alloc(32));
        return said(executorStatus({ executorId, term: 0 }));
      },
      'a status of nobody who was introduced',
    ],
    [
      'introduce an id that is not of the key',
      () => {
        const [executorId, other] = [newId(), roadOf(playExecutor())];
        const headers = introduction(TEST_POOL_KEY, { executorId }, other['end'].publicKey);
        return { ...ExecutorStatus.encode(null, executorStatus({ executorId, term: 0 })), headers };
      },
      'a status of nobody who was introduced',
    ],
    [
      'introduce a key that is none',
      () => {
        const executorId = newExecutorId('none');
        const headers = introduction(TEST_POOL_KEY, { executorId }, 'none');
        return { ...ExecutorStatus.encode(null, executorStatus({ executorId, term: 0 })), headers };
      },
      'a status of nobody who was introduced',
    ],
  ])('are dead letters where they %s, and the next one is heard', async (_what, badly, reason) => {
    const bad = badly();
    const next = status();
    await bus.publish([bad, said(next)]);
    await until('it is a dead letter', () => letters.length > 0);
    await expectHeard([next]);
    expect(introductions).toEqual([]);
    expect(letters.map((letter) => letter.value)).toEqual([bad.value]);
    expect(letters[0]?.headers['dead-reason']).toContain(reason);
  });
});
