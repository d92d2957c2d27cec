import { type Bus, type Delivery, DONE, type Outcome, oneByOne, type Reading } from '#libs/bus';
import { TOPICS } from '#libs/contracts';
import { newId } from '#libs/kernel';
import type { EventStore } from './event.store.ts';
import type { Patience } from './patience.ts';

const MAX_PARTITION = 2 ** 31 - 1;

/** Keeps every dead letter where people can look at it. */
export class DeadLetterConsumer {
  private reading: Reading | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly store: EventStore,
    private readonly patience: Patience,
  ) {}

  async start(): Promise<void> {
    this.reading = await this.bus.subscribe({
      reader: 'recorder',
      topic: TOPICS.dead,
      group: 'shared',
      handle: oneByOne((delivery) => this.keep(delivery)),
    });
  }

  async stop(): Promise<void> {
    await this.reading?.stop();
  }

  private async keep({ key, value, headers }: Delivery): Promise<Outcome> {
    const {
      'dead-topic': topic = '',
      'dead-partition': partition,
      'dead-offset': offset,
      'dead-reason': reason = '',
    } = headers;
    const letter = {
      id: newId(),
      topic: kept(topic),
      partition: numberIn(partition, MAX_PARTITION),
      offset: numberIn(offset, Number.MAX_SAFE_INTEGER),
      key: Buffer.from(key, 'utf8'),
      value,
      headers,
      // a parser's words may quote what stood there
      reason: kept(reason),
    };
    await this.patience.with(() => this.store.addDeadLetter(letter));
    return DONE;
  }
}

/** A text of the database holds no NUL. */
function kept(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

/** Whoever may bury may write anything; what names no place is kept without one. */
function numberIn(header: string | undefined, most: number): number {
  const number = Number(header ?? -1);
  return Number.isInteger(number) && number >= 0 && number <= most ? number : -1;
}
