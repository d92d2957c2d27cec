import { zstdCompressSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from '@jest/globals';
import kafkajs from 'kafkajs';
import { TOPICS } from '#libs/contracts';
import { createLogger } from '#libs/telemetry';
import { BusProbe, busBody, KAFKA_WITHIN_MS, testBrokers, until, withKafka } from '#libs/testing';
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

  it('keeps a dead letter of a message that is as large as any, and goes on', async () => {
    const bus = await KafkaBus.connect({ brokers, clientId: 'test' }, log);
    try {
      const probe = new BusProbe(bus);
      const dead = await probe.join({ group: 'alone', reader: probe.own('dead'), topic: TOPICS.dead });
      const texts: string[] = [];
      await probe.join({
        group: 'shared',
        handle: async (deliveries) =>
          deliveries.map(({ value }) => {
            texts.push(value.toString());
            return value.length > 100 ? { kind: 'dead', reason: value.toString() } : { kind: 'done' };
          }),
      });
      const headers = { huge: 'y'.repeat(400_000) };
      await bus.publish([
        probe.message('key', 'x'.repeat(450_000), { headers }),
        probe.message('key', 'behind'),
      ]);
      await until('the partition goes on', () => texts.at(-1) === 'behind', 20_000);
      await dead.whenSeen(1);
    } finally {
      await bus.close();
    }
  });

  it('brings what somebody has packed in a way that no reader knows, and what stands behind it', async () => {
    const settings: KafkaSettings = { brokers, clientId: 'test', prefix: 'packed.' };
    await setUpKafka(settings, 1, log);
    const bus = await KafkaBus.connect(settings, log);
    try {
      const probe = new BusProbe(bus);
      const reader = await probe.join({ group: 'shared' });
      const { key, topic } = probe.message('key', '');
      await sendPacked(brokers, { topic: `packed.${topic}`, key, value: 'packed' });
      await bus.publish([probe.message('key', 'behind')]);
      await reader.whenSeen(2);
      expect(reader.texts).toEqual(['packed', 'behind']);
    } finally {
      await bus.close();
    }
  });
});

async function sendPacked(
  brokers: string[],
  { topic, ...message }: { topic: string; key: string; value: string },
): Promise<void> {
  const { CompressionCodecs, CompressionTypes, Kafka, logLevel } = kafkajs;
  const { ZSTD } = CompressionTypes;
  const ours = CompressionCodecs[ZSTD];
  CompressionCodecs[ZSTD] = () => ({
    compress: async ({ buffer }: { buffer: Buffer }) => zstdCompressSync(buffer),
  });
  const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer();
  try {
    await producer.connect();
    await producer.send({ topic, compression: ZSTD, messages: [message] });
  } finally {
    CompressionCodecs[ZSTD] = ours;
    await producer.disconnect();
  }
}
