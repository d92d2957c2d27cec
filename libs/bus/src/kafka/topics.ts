import type { Admin } from 'kafkajs';
import { TOPICS, type Topic } from '#libs/contracts';
import { AppStartError } from '#libs/kernel';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

interface TopicSetting {
  /** How long a message stays; longer than what reads it may be away. */
  keptMs: number;
  segmentMs?: number;
  /** Where it is not the cell's number of partitions. */
  partitions?: number;
}

/** What each topic is made with. */
const TOPIC_SETTINGS: Readonly<Record<Topic, TopicSetting>> = {
  [TOPICS.runTouched]: { keptMs: HOUR_MS },
  [TOPICS.executorCommand]: { keptMs: 15 * MINUTE_MS, segmentMs: 5 * MINUTE_MS },
  // one, so that its readers see one order of all executors' words and of the probe
  [TOPICS.executorStatus]: { keptMs: 15 * MINUTE_MS, segmentMs: 5 * MINUTE_MS, partitions: 1 },
  [TOPICS.runEvent]: { keptMs: 7 * DAY_MS },
  [TOPICS.runSpan]: { keptMs: HOUR_MS },
  [TOPICS.runProgress]: { keptMs: HOUR_MS },
  [TOPICS.controlChanged]: { keptMs: HOUR_MS, partitions: 1 },
  [TOPICS.dead]: { keptMs: 14 * DAY_MS, partitions: 1 },
};

export interface Layout {
  partitions: number;
  /** Copies of each message: 3 where there are three brokers. */
  replicas: number;
  prefix?: string;
}

/** Makes the topics that are not there. */
export async function makeTopics(
  admin: Admin,
  { partitions, replicas, prefix = '' }: Layout,
): Promise<string[]> {
  const there = new Set(await admin.listTopics());
  const missing = Object.entries(TOPIC_SETTINGS).filter(([topic]) => !there.has(prefix + topic));
  if (missing.length === 0) return [];
  await admin.createTopics({
    waitForLeaders: false,
    topics: missing.map(([topic, setting]) => ({
      topic: prefix + topic,
      numPartitions: setting.partitions ?? partitions,
      replicationFactor: replicas,
      configEntries: [
        { name: 'message.timestamp.type', value: 'LogAppendTime' },
        // we know no codec but one: what somebody sends in another, no reader of the topic would come past
        { name: 'compression.type', value: 'uncompressed' },
        { name: 'retention.ms', value: String(setting.keptMs) },
        ...(setting.segmentMs ? [{ name: 'segment.ms', value: String(setting.segmentMs) }] : []),
        { name: 'min.insync.replicas', value: String(Math.max(1, replicas - 1)) },
        { name: 'unclean.leader.election.enable', value: 'false' },
      ],
    })),
  });
  return missing.map(([topic]) => prefix + topic);
}

export interface TopicLayout {
  partitions: number;
  /** Of each message, at the least. */
  copies: number;
}

/** How each topic is laid out; refuses where one is missing. */
export async function readTopics(admin: Admin, prefix: string): Promise<Map<string, TopicLayout>> {
  const there = new Set(await admin.listTopics());
  const names = Object.keys(TOPIC_SETTINGS).map((topic) => prefix + topic);
  const missing = names.filter((name) => !there.has(name));
  if (missing.length > 0)
    throw new AppStartError(
      `Kafka has no topic ${missing.join(', ')}: run "npm run kafka:setup" with the same KAFKA_BROKERS first.`,
    );
  const { topics } = await admin.fetchTopicMetadata({ topics: names });
  return new Map(
    topics.map(({ name, partitions }) => [
      name.slice(prefix.length),
      {
        partitions: partitions.length,
        copies: Math.min(...partitions.map(({ replicas }) => replicas.length)),
      },
    ]),
  );
}
