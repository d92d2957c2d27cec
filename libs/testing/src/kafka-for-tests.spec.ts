import { describe, expect, it } from '@jest/globals';
import { AppStartError } from '#libs/kernel';
import { startTestKafka, testBrokers, withKafka } from './kafka-for-tests.ts';

describe('a suite that needs Kafka', () => {
  it('is skipped where there can be none, and its name says why', () => {
    const log: string[] = [];
    const describe = Object.assign((name: string) => log.push(`run: ${name}`), {
      skip: (name: string) => log.push(`skipped: ${name}`),
    });
    withKafka(describe, undefined)('over Kafka', () => undefined);
    withKafka(describe, 'Kafka needs Java.')('over Kafka', () => undefined);
    expect(log).toEqual(['run: over Kafka', 'skipped: over Kafka (Kafka needs Java.)']);
  });

  it('is told why the broker of all suites did not start, which was tried once', async () => {
    let starts = 0;
    const kafka = await startTestKafka({
      directory: '/nowhere/kafka',
      start: async () => {
        starts += 1;
        throw new AppStartError('Kafka did not start.');
      },
      stop: async () => undefined,
      settings: () => ({ brokers: [], clientId: 'test' }),
    });
    const asked = await Promise.allSettled([testBrokers(), testBrokers()]);
    await kafka.stop();
    expect(asked.map((answer) => answer.status === 'rejected' && answer.reason.message)).toEqual([
      'Kafka did not start.',
      'Kafka did not start.',
    ]);
    expect(starts).toBe(1);
  });
});
