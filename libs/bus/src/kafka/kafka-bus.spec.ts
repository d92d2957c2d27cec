import { beforeAll, describe, expect, it } from '@jest/globals';
import { TOPICS } from '#libs/contracts';
import { createLogger } from '#libs/telemetry';
import { BusProbe, busBody, KAFKA_WITHIN_MS, testBrokers, withKafka } from '#libs/testing';
import { asKafkaAdmin, setUpKafka } from './kafka-admin.ts';
import { KafkaBus } from './kafka-bus.ts';
import type { KafkaSettings } from './kafka-connection.ts';

const log = createLogger('test', 'silent');
/** What `admin.alterConfigs` calls a topic. */
const TOPIC = 2;

withKafka(describe)('a real broker', () => {
  let brokers: string[];
  beforeAll(async () => {
    brokers = await testBrokers();
  }, KAFKA_WITHIN_MS);

  busBody('kafka', () => KafkaBus.connect({ brokers, clientId: 'test' }, log), { describe, expect, it });

  it('says that one broker keeps one copy', async () => {
    const bus = await KafkaBus.connect({ brokers, clientId: 'test' }, log);
    expect(bus.degraded).toEqual([expect.stringContaining('one copy')]);
    await bus.close();
  });

  it('refuses a message that is too large for its topic, and takes those that were sent with it', async () => {
    const settings: KafkaSettings = { brokers, clientId: 'test', prefix: 'narrow.' };
    await setUpKafka(settings, 1, log);
    const configEntries = [{ name: 'max.message.bytes', value: '10000' }];
    await asKafkaAdmin(settings, log, (admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: TOPIC, name: `narrow.${TOPICS.runEvent}`, configEntries }],
      }),
    );
    const bus = await KafkaBus.connect(settings, log);
    try {
      const probe = new BusProbe(bus);
      const reader = await probe.join({ group: 'alone' });
      const large = bus.publish([probe.message('key', 'x'.repeat(20_000))]);
      const small = bus.publish([probe.message('key', 'small')]);
      await expect(large).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' });
      await small;
      await reader.whenSeen(1);
      expect(reader.texts).toEqual(['small']);
    } finally {
      await bus.close();
    }
  });
});
