import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import { AppStartError } from '#libs/kernel';
import type { Logger } from '#libs/telemetry';
import { grantsOf, type RoleLogin } from './acl.ts';
import { type KafkaSettings, kafkaOf } from './kafka-connection.ts';
import { makeTopics } from './topics.ts';

const COPIES = 3;
const SERVED_MS = 30_000;
const POLL_MS = 50;

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
      const made = await makeTopics(admin, {
        partitions,
        replicas: brokers.length >= COPIES ? COPIES : 1,
        prefix: settings.prefix ?? '',
      });
      for (const topic of made) await whenServed(admin, topic);
      return made;
    });
  } catch (cause) {
    throw new AppStartError(
      `Kafka at ${settings.brokers.join(', ')} could not be set up (${(cause as Error).message}): start it, or set KAFKA_BROKERS to where it is.`,
    );
  }
}

/** Lets each login do what its role needs, and says how much that is. What was granted before stays. */
export async function grantRoles(
  settings: KafkaSettings,
  logins: readonly RoleLogin[],
  log: Logger,
): Promise<number> {
  const acl = grantsOf(logins, settings.prefix);
  try {
    await asKafkaAdmin(settings, log, (admin) => admin.createAcls({ acl }));
  } catch (cause) {
    throw new AppStartError(
      `Kafka at ${settings.brokers.join(', ')} takes no grants from this login (${(cause as Error).message}): set authorizer.class.name on the brokers and use a login that may alter the cluster, or leave KAFKA_ROLE_USERS out.`,
    );
  }
  return acl.length;
}

/** A leader is named for each partition before it serves it. */
async function whenServed(admin: Admin, topic: string): Promise<void> {
  const deadline = performance.now() + SERVED_MS;
  for (;;) {
    try {
      await admin.fetchTopicOffsets(topic);
      return;
    } catch (cause) {
      if (performance.now() > deadline) throw cause;
      await sleep(POLL_MS);
    }
  }
}
