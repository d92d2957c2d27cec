import type { Admin } from 'kafkajs';
import { AppStartError } from '#libs/kernel';
import type { Logger } from '#libs/telemetry';
import { type KafkaSettings, kafkaOf } from './kafka-connection.ts';
import { makeTopics } from './topics.ts';

const COPIES = 3;

/** Does something as the cluster's administrator, on a connection of its own. */
export async function asKafkaAdmin<Answer>(
  settings: KafkaSettings,
  log: Logger,
  work: (admin: Admin) => Promise<Answer>,
): Promise<Answer> {
  const admin = kafkaOf(settings, log).admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** Makes what a cluster lacks for the product, and gives the names of what it made. */
export async function setUpKafka(
  settings: KafkaSettings,
  partitions: number,
  log: Logger,
): Promise<string[]> {
  try {
    return await asKafkaAdmin(settings, log, async (admin) => {
      const { brokers } = await admin.describeCluster();
      return makeTopics(admin, {
        partitions,
        replicas: brokers.length >= COPIES ? COPIES : 1,
        prefix: settings.prefix ?? '',
      });
    });
  } catch (cause) {
    throw new AppStartError(
      `Kafka at ${settings.brokers.join(', ')} could not be set up (${(cause as Error).message}): start it, or set KAFKA_BROKERS to where it is.`,
    );
  }
}
