import type * as Jest from '@jest/globals';
import { type Bus, type Delivery, DONE, type Outcome, type Reading, type Subscription } from '#libs/bus';
import { type BusMessage, TOPICS, type Topic } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { until } from './until.ts';

/** What a broker may need to let a reader join, or to bring a message back. */
const WITHIN_MS = 20_000;

/** Long enough for a bus to do what it must not do. */
export const MOMENT_MS = 50;

/** With what the parts of the body write their tests. */
export interface BusBody extends Pick<typeof Jest, 'describe' | 'expect' | 'it'> {
  name: string;
  /** A test on a bus of its own. */
  withProbe(work: (probe: BusProbe) => Promise<void>): () => Promise<void>;
}

/** A handler that looks at the text of a delivery. */
export function byText(answer: (text: string) => Outcome): (delivery: Delivery) => Outcome {
  return (delivery) => answer(delivery.value.toString('utf8'));
}

type Wish = Partial<Subscription> & Pick<Subscription, 'group'>;

/** One test's own corner of a bus that outlives it: keys and readers that no other test uses. */
export class BusProbe {
  private readonly id = newId();

  constructor(
    readonly bus: Bus,
    private readonly topic: Topic = TOPICS.runEvent,
  ) {}

  own(name: string): string {
    return `${this.id}/${name}`;
  }

  message(key: string, text: string, more: Partial<BusMessage> = {}): BusMessage {
    return { topic: this.topic, key: this.own(key), headers: {}, value: Buffer.from(text), ...more };
  }

  /** Joins as a reader, and resolves when it is one. */
  async join(wish: Wish): Promise<ProbeReader> {
    const reader = new ProbeReader(this.id, wish.handle);
    const joined = Promise.withResolvers<void>();
    const reading = await this.bus.subscribe({
      reader: this.own('reader'),
      topic: this.topic,
      ...wish,
      handle: (deliveries) => reader.handle(deliveries),
      joined: () => {
        wish.joined?.();
        joined.resolve();
      },
    });
    await joined.promise;
    reader.reading = reading;
    return reader;
  }
}

/** A reader that remembers what it was given, and leaves alone what other tests have published. */
export class ProbeReader {
  readonly seen: Delivery[] = [];
  readonly batches: Delivery[][] = [];
  reading: Reading | undefined;

  constructor(
    private readonly id: string,
    private readonly answer: Subscription['handle'] = async (deliveries) => deliveries.map(() => DONE),
  ) {}

  get texts(): string[] {
    return this.seen.map((delivery) => delivery.value.toString('utf8'));
  }

  async handle(deliveries: Delivery[]): Promise<Outcome[]> {
    const mine = deliveries.filter((delivery) => delivery.key.startsWith(`${this.id}/`));
    if (mine.length === 0) return deliveries.map(() => DONE);
    this.batches.push(mine);
    this.seen.push(...mine);
    const outcomes = await this.answer(mine);
    return deliveries.map((delivery) => outcomes[mine.indexOf(delivery)] ?? DONE);
  }

  /** Resolves when that many deliveries have come. */
  async whenSeen(count: number): Promise<void> {
    await until(
      `${count} deliveries, of which came ${this.seen.length}`,
      () => this.seen.length >= count,
      WITHIN_MS,
    );
  }

  async stop(): Promise<void> {
    await this.reading?.stop();
  }
}
