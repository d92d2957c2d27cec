import type { Admin, Kafka } from 'kafkajs';
import { type BusMessage, TOPICS } from '#libs/contracts';
import { AppStartError } from '#libs/kernel';
import type { Logger } from '#libs/telemetry';
import { Bus, type Delivery, type Place, type Reading, type Subscription } from '../bus.ts';
import { publishing } from '../bus-spans.ts';
import { deadLetterOf } from '../dead-letter.ts';
import { partitionOfKey } from '../partition-of-key.ts';
import { type KafkaSettings, kafkaOf } from './kafka-connection.ts';
import { KafkaPublisher } from './kafka-publisher.ts';
import { KafkaReading } from './kafka-reading.ts';
import { readTopics, type TopicLayout } from './topics.ts';

/** What the broker takes at most, less what stands around it. */
const MAX_MESSAGE_BYTES = 900_000;

/** A reader asks twice a second. */
const SILENCE_MS = 5_000;

/** The bus over Kafka. */
export class KafkaBus extends Bus {
  private readonly readings = new Set<KafkaReading>();

  private constructor(
    private readonly kafka: Kafka,
    private readonly admin: Admin,
    private readonly publisher: KafkaPublisher,
    private readonly topics: ReadonlyMap<string, TopicLayout>,
    private readonly prefix: string,
    private readonly login: string | undefined,
  ) {
    super();
  }

  static async connect(settings: KafkaSettings, log: Logger): Promise<KafkaBus> {
    const { prefix = '' } = settings;
    const kafka = kafkaOf(settings, log);
    const admin = kafka.admin();
    try {
      await admin.connect();
      const topics = await readTopics(admin, prefix);
      const publisher = new KafkaPublisher(kafka);
      await publisher.connect();
      return new KafkaBus(kafka, admin, publisher, topics, prefix, settings.sasl?.username);
    } catch (cause) {
      await admin.disconnect().catch(() => undefined);
      if (cause instanceof AppStartError) throw cause;
      throw new AppStartError(
        `Kafka cannot be reached at ${settings.brokers.join(', ')} (${(cause as Error).message}): start it, or set KAFKA_BROKERS to where it is.`,
      );
    }
  }

  /** Of the topics that are not of one partition. */
  get partitions(): number {
    return this.topics.get(TOPICS.executorCommand)?.partitions ?? 1;
  }

  get requests(): number {
    return this.publisher.requests;
  }

  get waitingBytes(): number {
    return this.publisher.waitingBytes;
  }

  /**
   * What is not as it should be, a sentence each. It makes nobody unready: all go on by themselves when the broker is
   * back, and another process would have no other broker.
   */
  get degraded(): string[] {
    const silentMs = Math.max(this.publisher.silentMs, ...[...this.readings].map(({ silentMs }) => silentMs));
    const isSingle = [...this.topics.values()].some(({ copies }) => copies === 1);
    return [
      ...(silentMs > SILENCE_MS ? [`Kafka has not answered for ${Math.floor(silentMs / 1_000)} s.`] : []),
      ...(isSingle ? ['Kafka keeps one copy of a message: what a broker loses is lost.'] : []),
    ];
  }

  publish(messages: readonly BusMessage[]): Promise<Place[]> {
    return publishing(messages, async (traced) => this.send(traced));
  }

  private send(messages: readonly BusMessage[]): Promise<Place[]> {
    return this.publisher.publish(
      messages.map((message) => {
        // kept by us until it is sent: what happens to the message meanwhile does not reach a reader
        const value = Buffer.from(message.value);
        if (value.length > MAX_MESSAGE_BYTES)
          throw new Error(`a message of ${value.length} bytes is too large for the bus`);
        const { topic, key, headers, partition = this.partitionOf(message) } = message;
        return { topic: this.prefix + topic, key, headers: { ...headers }, partition, value };
      }),
    );
  }

  async subscribe(subscription: Subscription): Promise<Reading> {
    const reading = new KafkaReading(subscription, {
      kafka: this.kafka,
      prefix: this.prefix,
      login: this.login,
      endsOf: (topic) => this.endsOf(topic),
      bury: (delivery, reason) => this.bury(subscription.reader, delivery, reason),
    });
    this.readings.add(reading);
    await reading.start();
    return {
      stop: async () => {
        await reading.stop();
        this.readings.delete(reading);
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all([...this.readings].map((reading) => reading.stop()));
    this.readings.clear();
    await Promise.all([this.publisher.close(), this.admin.disconnect()]);
  }

  private partitionOf({ topic, key }: BusMessage): number {
    return partitionOfKey(key, this.topics.get(topic)?.partitions ?? 1);
  }

  private async endsOf(topic: string): Promise<Map<number, number>> {
    const ends = await this.admin.fetchTopicOffsets(this.prefix + topic);
    return new Map(ends.map(({ partition, high }) => [partition, Number(high)]));
  }

  private async bury(reader: string, delivery: Delivery, reason: string): Promise<void> {
    if (delivery.topic === TOPICS.dead) return;
    await this.publish([deadLetterOf(reader, delivery, reason, MAX_MESSAGE_BYTES)]);
  }
}
