import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka, Producer, TopicMessages } from 'kafkajs';
import { atMost } from '#libs/kernel';
import type { Place } from '../bus.ts';
import { RETRY } from './kafka-connection.ts';

export interface Outgoing {
  topic: string;
  partition: number;
  key: string;
  headers: Record<string, string>;
  value: Buffer;
}

interface Waiting {
  message: Outgoing;
  taken: (place: Place) => void;
  refused: (cause: unknown) => void;
}

/** The bus has too much to send already: what is a hint is lost, what is a fact comes again. */
class BusBusyError extends Error {}

const MAX_WAITING_BYTES = 32 * 1024 * 1024;
/** The broker counts what one request brings for one partition, with what stands around each message. */
const MAX_PARTITION_BYTES = 900_000;
const MAX_REQUEST_BYTES = 8 * 1024 * 1024;
const AROUND_BYTES = 200;
const SEND_DEADLINE_MS = 10_000;
const PAUSE_MS = 250;

/** Sends in the order of asking, one request at a time; what gathers meanwhile leaves with the next one. */
export class KafkaPublisher {
  private waiting: Waiting[] = [];
  /** What has not been handed to the broker yet. */
  waitingBytes = 0;
  /** Since when the broker has been asked to take what it has not taken. */
  private askedMs: number | undefined;
  private isClosed = false;
  private producer: Producer;
  /** How many requests were answered, for the books. */
  requests = 0;

  constructor(private readonly kafka: Kafka) {
    this.producer = this.newProducer();
  }

  async connect(): Promise<void> {
    await this.producer.connect();
  }

  publish(messages: readonly Outgoing[]): Promise<Place[]> {
    if (this.isClosed) return Promise.reject(new BusBusyError('the bus is closed'));
    if (this.waitingBytes > MAX_WAITING_BYTES)
      return Promise.reject(new BusBusyError('the broker is away, and too much waits for it'));
    const places = messages.map(
      (message) =>
        new Promise<Place>((taken, refused) => {
          this.waiting.push({ message, taken, refused });
          this.waitingBytes += bytesOf(message);
        }),
    );
    if (this.askedMs === undefined) {
      this.askedMs = performance.now();
      setImmediate(() => void this.send());
    }
    return Promise.all(places);
  }

  /** How long the broker has owed an answer. */
  get silentMs(): number {
    return this.askedMs === undefined ? 0 : performance.now() - this.askedMs;
  }

  /** Gives up what the broker has not taken. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const { refused } of this.waiting.splice(0)) refused(new BusBusyError('the bus is closed'));
    await this.producer.disconnect();
  }

  private async send(): Promise<void> {
    while (this.waiting.length > 0) {
      this.askedMs = performance.now();
      await this.sendBatch(this.takeBatch());
    }
    this.askedMs = undefined;
  }

  private takeBatch(): Waiting[] {
    const perPartition = new Map<string, number>();
    let bytes = 0;
    let count = 0;
    for (const { message } of this.waiting) {
      const place = `${message.topic}/${message.partition}`;
      const size = bytesOf(message);
      const partitionBytes = (perPartition.get(place) ?? 0) + size;
      bytes += size;
      if (count > 0 && (partitionBytes > MAX_PARTITION_BYTES || bytes > MAX_REQUEST_BYTES)) break;
      perPartition.set(place, partitionBytes);
      count += 1;
      this.waitingBytes -= size;
    }
    return this.waiting.splice(0, count);
  }

  /** Until the broker has it, however long it is away; what it refuses for itself holds up nothing else. */
  private async sendBatch(batch: readonly Waiting[]): Promise<void> {
    for (;;) {
      try {
        const places = await this.request(batch.map(({ message }) => message));
        batch.forEach(({ taken }, index) => {
          taken(places[index] ?? { partition: -1, offset: -1 });
        });
        return;
      } catch (cause) {
        if (this.isClosed) {
          for (const { refused } of batch) refused(cause);
          return;
        }
        if (isRefusal(cause)) {
          const [only] = batch;
          if (batch.length === 1) only?.refused(cause);
          else for (const one of batch) await this.sendBatch([one]);
          return;
        }
        await sleep(PAUSE_MS);
        if (!this.isClosed) await this.renew();
      }
    }
  }

  private async request(messages: readonly Outgoing[]): Promise<Place[]> {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`the broker has not answered within ${SEND_DEADLINE_MS} ms`)),
        SEND_DEADLINE_MS,
      );
    });
    try {
      const sent = this.producer.sendBatch({ acks: -1, topicMessages: byTopic(messages) });
      sent.catch(() => undefined);
      const answers = await Promise.race([sent, deadline]);
      this.requests += 1;
      const next = new Map(
        answers.map(({ topicName, partition, baseOffset }) => [
          `${topicName}/${partition}`,
          Number(baseOffset),
        ]),
      );
      return messages.map(({ topic, partition }) => {
        const place = `${topic}/${partition}`;
        const offset = next.get(place) ?? -1;
        next.set(place, offset + 1);
        return { partition, offset };
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** A client that met a broker that is away may be left with a connection that nothing ever comes on: it is given up. */
  private async renew(): Promise<void> {
    void this.producer.disconnect().catch(() => undefined);
    this.producer = this.newProducer();
    await atMost(SEND_DEADLINE_MS, this.producer.connect()).catch(() => undefined);
    // closed while it connected
    if (this.isClosed) await this.producer.disconnect();
  }

  private newProducer(): Producer {
    // not idempotent: its sequence handling can drop a message after a timeout, and all readers know duplicates
    return this.kafka.producer({
      idempotent: false,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: RETRY,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    });
  }
}

function byTopic(messages: readonly Outgoing[]): TopicMessages[] {
  return [...Map.groupBy(messages, ({ topic }) => topic)].map(([topic, ofTopic]) => ({
    topic,
    messages: ofTopic.map(({ partition, key, headers, value }) => ({ partition, key, headers, value })),
  }));
}

function bytesOf({ key, headers, value }: Outgoing): number {
  let bytes = AROUND_BYTES + Buffer.byteLength(key) + value.length;
  for (const [name, text] of Object.entries(headers))
    bytes += Buffer.byteLength(name) + Buffer.byteLength(text);
  return bytes;
}

/** The broker has judged the message itself. */
function isRefusal(cause: unknown): boolean {
  const { name, retriable } = cause as { name?: string; retriable?: boolean };
  return name === 'KafkaJSProtocolError' && retriable === false;
}
