import { type BusMessage, TOPICS, type Topic } from '#libs/contracts';
import { DEFAULTS } from '#libs/domain';
import { Bus, type Place, type Reading, type Subscription } from './bus.ts';
import { publishing } from './bus-spans.ts';
import { deadLetterOf } from './dead-letter.ts';
import { PartitionLog } from './partition-log.ts';
import { partitionOfKey } from './partition-of-key.ts';
import { PartitionReader } from './partition-reader.ts';

/** What a fault test does to a message on its way in. */
export interface Fault {
  copies: number;
  delayMs: number;
}

export interface EmbeddedBusOptions {
  partitions?: number;
  /** Bytes of a topic that wait to be read before its publishers have to wait. */
  maxBacklogBytes?: number;
  fault?: (message: BusMessage) => Fault;
}

/** The bus within one process: partitions, keys, order and redelivery as on Kafka; gone with the process. */
export class EmbeddedBus extends Bus {
  readonly partitions: number;
  private readonly maxBacklogBytes: number;
  private readonly fault: ((message: BusMessage) => Fault) | undefined;
  private readonly topics = new Map<string, PartitionLog[]>();
  private readonly readers = new Set<PartitionReader>();

  constructor(options: EmbeddedBusOptions = {}) {
    super();
    this.partitions = options.partitions ?? DEFAULTS.partitions;
    this.maxBacklogBytes = options.maxBacklogBytes ?? 64 * 1024 * 1024;
    this.fault = options.fault;
  }

  publish(messages: readonly BusMessage[]): Promise<Place[]> {
    return publishing(messages, (traced) => this.take(traced));
  }

  private async take(messages: readonly BusMessage[]): Promise<Place[]> {
    const places = messages.map((message) => this.place(message));
    const topics = new Set(messages.map((message) => message.topic));
    for (const topic of topics) await this.room(topic);
    return places;
  }

  async subscribe(subscription: Subscription): Promise<Reading> {
    const logs = this.logsOf(subscription.topic);
    const wanted = subscription.partitions ?? logs.keys();
    const readers = [...wanted].flatMap((partition) => {
      const log = logs[partition];
      return log
        ? [
            new PartitionReader(
              subscription,
              subscription.group === 'shared' ? log.openForGroup(subscription.reader) : log.openAtEnd(),
              (delivery, reason) => this.bury(subscription, delivery, reason),
            ),
          ]
        : [];
    });
    for (const reader of readers) {
      this.readers.add(reader);
      reader.start();
    }
    subscription.joined?.();
    return {
      stop: async () => {
        await Promise.all(readers.map((reader) => reader.stop()));
        for (const reader of readers) this.readers.delete(reader);
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.readers].map((reader) => reader.stop()));
    this.readers.clear();
  }

  private place(message: BusMessage): Place {
    const partition = message.partition ?? partitionOfKey(message.key, this.partitions);
    const log = this.logsOf(message.topic)[partition];
    if (!log) throw new Error(`the topic ${message.topic} has no partition ${partition}`);
    const fault = this.fault?.(message);
    if (!fault) return { partition, offset: log.append(message, 0) };
    // of a dropped message the place is the last one that there is
    let offset = log.end - 1;
    for (let copy = 0; copy < fault.copies; copy += 1) offset = log.append(message, fault.delayMs);
    return { partition, offset };
  }

  private async room(topic: string): Promise<void> {
    for (;;) {
      const behind = this.logsOf(topic).filter((log) => log.backlogBytes > 0);
      if (behind.reduce((bytes, log) => bytes + log.backlogBytes, 0) <= this.maxBacklogBytes) return;
      await Promise.race(behind.map((log) => log.whenRead()));
    }
  }

  /** Resolves when the dead letter has been read by whoever keeps dead letters. */
  private async bury(
    subscription: Subscription,
    delivery: Parameters<typeof deadLetterOf>[1],
    reason: string,
  ): Promise<void> {
    if (subscription.topic === TOPICS.dead) return;
    const letter = deadLetterOf(subscription.reader, delivery, reason);
    const { partition, offset } = this.place(letter);
    await this.logsOf(TOPICS.dead)[partition]?.whenReadPast(offset);
  }

  private logsOf(topic: string): PartitionLog[] {
    let logs = this.topics.get(topic);
    if (!logs) {
      logs = Array.from(
        { length: this.partitions },
        (_, partition) => new PartitionLog(topic as Topic, partition),
      );
      this.topics.set(topic, logs);
    }
    return logs;
  }
}
