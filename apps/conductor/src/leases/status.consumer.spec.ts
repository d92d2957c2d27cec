import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Delivery, EmbeddedBus } from '#libs/bus';
import { type BusMessage, ExecutorStatus, type ExecutorStatusData, TOPICS } from '#libs/contracts';
import { deadLetters, until } from '#libs/testing';
import { executorStatus } from '../../../../libs/testing/src/executor-status.ts';
import { StatusConsumer } from './status.consumer.ts';

describe("executors' statuses", () => {
  let bus: EmbeddedBus;
  let letters: Delivery[];
  let heard: ExecutorStatusData[];
  let probes: string[];
  let faults: number;
  beforeEach(async () => {
    bus = new EmbeddedBus({ partitions: 1 });
    letters = await deadLetters(bus);
    heard = [];
    probes = [];
    faults = 0;
    await new StatusConsumer(bus, {
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

  const status = executorStatus;

  it('are heard in their order', async () => {
    const given = [status({ maxRunners: 2 }), status(), status({ isDraining: true })];
    await bus.publish(given.map((one) => ExecutorStatus.encode(null, one)));
    await until('all are heard', () => heard.length === 3);
    expect(heard).toEqual(given);
  });

  it('are heard again where they could not be dealt with', async () => {
    faults = 1;
    const given = status();
    await bus.publish([ExecutorStatus.encode(null, given)]);
    await until('it is heard', () => heard.length === 1);
    expect(heard).toEqual([given]);
    expect(letters).toEqual([]);
  });

  it.each<[string, BusMessage['value'], string]>([
    ['no JSON', Buffer.from([0, 255]), 'no executor.status message'],
    [
      'no slots',
      ExecutorStatus.encode(null, status({ slotsPerRunner: 0 })).value,
      'no executor.status message',
    ],
    [
      'an executor that is no id',
      ExecutorStatus.encode(null, status({ executorId: 'e' })).value,
      'what is no id',
    ],
  ])('are dead letters where they hold %s, and the next one is heard', async (_what, value, reason) => {
    const bad = { topic: TOPICS.executorStatus, key: 'e', headers: {}, value };
    await bus.publish([bad, ExecutorStatus.encode(null, status())]);
    await until('the next is heard', () => heard.length === 1 && letters.length > 0);
    expect(letters.map((letter) => letter.value)).toEqual([value]);
    expect(letters[0]?.headers['dead-reason']).toContain(reason);
  });
});
