import { setTimeout as sleep } from 'node:timers/promises';
import { type Batch, type Consumer, type Kafka, PartitionAssigners } from 'kafkajs';
import type { Topic } from '#libs/contracts';
import { atMost, newId } from '#libs/kernel';
import type { Delivery, Reading, Subscription } from '../bus.ts';
import { PartitionReader } from '../partition-reader.ts';
import { groupsOf } from './acl.ts';
import { Commits } from './commits.ts';
import { FetchedPartition } from './fetched-partition.ts';
import { RETRY } from './kafka-connection.ts';
import { onlyThese } from './only-these.ts';

const SESSION_MS = 6_000;
const HEARTBEAT_MS = 1_000;
const MAX_WAIT_MS = 500;
const MAX_FETCH_BYTES = 8 * 1024 * 1024;
const MAX_PARTITION_BYTES = 1024 * 1024;
const PAUSE_MS = 500;
const WATCH_MS = 5_000;
/** A consumer that has not even asked for so long has silently stopped. */
const SILENCE_MS = 30_000;
const LEAVE_MS = 5_000;
const BEGIN_MS = 30_000;

export interface ReadingParts {
  kafka: Kafka;
  prefix: string;
  /** As the brokers know us, if they ask. */
  login?: string | undefined;
  /** The offset behind the last message, per partition. */
  endsOf: (topic: string) => Promise<Map<number, number>>;
  bury: (delivery: Delivery, reason: string) => Promise<void>;
}

interface Partition {
  source: FetchedPartition;
  reader: PartitionReader;
}

/**
 * One subscription, with a consumer of its own. What is fetched is handled beside the fetching, so that neither a slow
 * partition nor a slow handler holds up heartbeats or the others.
 */
export class KafkaReading implements Reading {
  private readonly partitions = new Map<number, Partition>();
  private readonly group: () => string;
  /** As the broker knows it. */
  private readonly topic: string;
  /** Where a reader that is alone goes on. */
  private ends = new Map<number, number>();
  /** Readers that still handle what they had: the next of their partition begins behind them. */
  private readonly leaving = new Map<number, Promise<unknown>>();
  private readonly commits: Commits;
  private consumer: Consumer | undefined;
  private watch: NodeJS.Timeout | undefined;
  private lastFetchMs = 0;
  private answeredMs = performance.now();
  private isRestarting = false;
  private restarting: Promise<void> = Promise.resolve();
  private isStopped = false;

  constructor(
    private readonly subscription: Subscription,
    private readonly parts: ReadingParts,
  ) {
    const { reader, topic, group } = subscription;
    this.topic = parts.prefix + topic;
    this.commits = new Commits(this.topic);
    const isShared = group === 'shared';
    const readers = `${groupsOf(reader, parts.prefix, isShared ? undefined : parts.login)}${topic}`;
    // of one that is alone each consumer has a group of its own: one that was given up is in nobody's way
    this.group = isShared ? () => readers : () => `${readers}/${newId()}`;
  }

  async start(): Promise<void> {
    const { topic, group } = this.subscription;
    await this.untilReached(async () => {
      if (group === 'alone') this.ends = await this.parts.endsOf(topic);
      await this.run();
    });
    this.watch = setInterval(() => {
      if (performance.now() - this.lastFetchMs > SILENCE_MS) this.restart();
    }, WATCH_MS);
    this.watch.unref();
  }

  /** How long the broker has answered no fetch. */
  get silentMs(): number {
    return performance.now() - this.answeredMs;
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.commits.hurry();
    clearInterval(this.watch);
    await Promise.all([...this.partitions.values()].map(({ reader }) => reader.stop()));
    const { consumer } = this;
    if (!consumer) return;
    const leave = async () => {
      await this.commits.send(consumer);
      await consumer.disconnect();
      await this.restarting;
    };
    await atMost(
      LEAVE_MS,
      leave().catch(() => undefined),
    );
  }

  /** A leader that is being elected, or a broker that is away for a moment, is no reason not to begin. */
  private async untilReached(work: () => Promise<void>): Promise<void> {
    const giveUpMs = performance.now() + BEGIN_MS;
    for (;;) {
      try {
        return await work();
      } catch (cause) {
        if (this.isStopped || performance.now() > giveUpMs) throw cause;
        void this.consumer?.disconnect().catch(() => undefined);
        await sleep(PAUSE_MS);
        if (this.isStopped) throw cause;
      }
    }
  }

  private async run(): Promise<void> {
    const { subscription } = this;
    const consumer = this.parts.kafka.consumer({
      groupId: this.group(),
      partitionAssigners: [
        subscription.group === 'shared' ? PartitionAssigners.roundRobin : onlyThese(subscription.partitions),
      ],
      sessionTimeout: SESSION_MS,
      rebalanceTimeout: SESSION_MS,
      heartbeatInterval: HEARTBEAT_MS,
      maxWaitTimeInMs: MAX_WAIT_MS,
      maxBytes: MAX_FETCH_BYTES,
      maxBytesPerPartition: MAX_PARTITION_BYTES,
      allowAutoTopicCreation: false,
      retry: { ...RETRY, retries: 10 },
    });
    this.consumer = consumer;
    this.lastFetchMs = performance.now();
    const { GROUP_JOIN, FETCH_START, FETCH, CRASH } = consumer.events;
    consumer.on(GROUP_JOIN, ({ payload }) =>
      this.joined(consumer, payload.memberAssignment[this.topic] ?? []),
    );
    consumer.on(FETCH_START, () => {
      this.lastFetchMs = performance.now();
    });
    consumer.on(FETCH, () => {
      this.answeredMs = performance.now();
    });
    consumer.on(CRASH, ({ payload }) => {
      // one that restarts by itself is at work
      this.lastFetchMs = performance.now();
      if (!payload.restart && this.consumer === consumer) this.restart();
    });
    await consumer.connect();
    await consumer.subscribe({
      topics: [this.topic],
      fromBeginning: subscription.group === 'shared',
    });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      // handing over takes no time, so one after another is at once
      partitionsConsumedConcurrently: 1,
      eachBatch: async ({ batch, resolveOffset, isStale }) => {
        if (isStale() || this.isStopped || this.consumer !== consumer) return;
        this.take(batch);
        resolveOffset(batch.lastOffset());
      },
    });
  }

  /** Another consumer in place of one that ended for good; nobody exits for it. */
  private restart(): void {
    if (this.isStopped || this.isRestarting) return;
    this.isRestarting = true;
    const again = async () => {
      while (!this.isStopped) {
        void this.consumer?.disconnect().catch(() => undefined);
        await sleep(PAUSE_MS);
        if (this.isStopped) return;
        try {
          await this.run();
          return;
        } catch {
          // the broker is away
        }
      }
    };
    this.restarting = again().finally(async () => {
      this.isRestarting = false;
      // one that was made while it was stopped
      if (this.isStopped) await this.consumer?.disconnect().catch(() => undefined);
    });
  }

  /** A reader that is alone goes on where it was; a group where it has committed. */
  private joined(consumer: Consumer, assigned: readonly number[]): void {
    if (this.isStopped || this.consumer !== consumer) {
      // one that was given up and has come back all the same: it would hold what the other is to read
      void consumer.disconnect().catch(() => undefined);
      return;
    }
    const { subscription } = this;
    // in a group others may have gone on meanwhile: what was not committed comes again, to a reader behind the last
    const isKept = (number: number) => subscription.group === 'alone' && assigned.includes(number);
    for (const number of [...this.partitions.keys()]) if (!isKept(number)) this.leave(number);
    for (const number of assigned) {
      const known = this.partitions.get(number) ?? this.open(consumer, number);
      const next = known.source.next ?? (subscription.group === 'alone' ? this.ends.get(number) : undefined);
      if (next !== undefined) consumer.seek({ topic: this.topic, partition: number, offset: String(next) });
    }
    subscription.joined?.();
  }

  private leave(number: number): void {
    const partition = this.partitions.get(number);
    if (!partition) return;
    this.partitions.delete(number);
    this.commits.forget(number);
    const left = Promise.all([this.leaving.get(number), partition.reader.stop()]);
    this.leaving.set(number, left);
  }

  private open(consumer: Consumer, number: number): Partition {
    const { subscription } = this;
    const place = [{ topic: this.topic, partitions: [number] }];
    // as it may be held for a reader before this one
    consumer.resume(place);
    const source = new FetchedPartition({
      handled: (offset) => {
        if (subscription.group === 'alone' || this.partitions.get(number)?.source !== source) return;
        this.commits.add(number, offset);
        void this.commits.send(this.consumer ?? consumer);
      },
      hold: (isHeld) => {
        const current = this.consumer ?? consumer;
        if (isHeld) current.pause(place);
        else current.resume(place);
      },
    });
    const reader = new PartitionReader(subscription, source, (delivery, reason) =>
      this.parts.bury(delivery, reason),
    );
    const partition = { source, reader };
    this.partitions.set(number, partition);
    void Promise.resolve(this.leaving.get(number)).then(() => reader.start());
    return partition;
  }

  private take({ partition, messages }: Batch): void {
    const topic = this.subscription.topic as Topic;
    this.partitions.get(partition)?.source.push(
      messages.map(({ key, value, offset, timestamp, headers = {} }) => ({
        topic,
        partition,
        offset: Number(offset),
        key: key?.toString('utf8') ?? '',
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, text]) => [name, String(text ?? '')]),
        ),
        value: value ?? Buffer.alloc(0),
        sentAtMs: Number(timestamp),
      })),
    );
  }
}
