import { beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '#libs/telemetry';
import { busBody, KAFKA_WITHIN_MS, testBrokers, withKafka } from '#libs/testing';
import { KafkaBus } from './kafka-bus.ts';

withKafka(describe)('a real broker', () => {
  let brokers: string[];
  beforeAll(async () => {
    brokers = await testBrokers();
  }, KAFKA_WITHIN_MS);

  busBody('kafka', () => KafkaBus.connect({ brokers, clientId: 'test' }, createLogger('test', 'silent')), {
    describe,
    expect,
    it,
  });
});
