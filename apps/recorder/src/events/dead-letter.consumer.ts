import { type Bus, type Delivery, DONE, type Outcome, oneByOne, type Reading } from '#libs/bus';
import { TOPICS } from '#libs/contracts';
import { newId } from '#libs/kernel';
import type { EventStore } from './event.store.ts';
import type { Patience } from './patience.ts';

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
      topic,
      partition: Number(partition ?? -1),
      offset: Number(offset ?? -1),
      key: Buffer.from(key, 'utf8'),
      value,
      headers,
      // a parser's words may quote what stood there, and a text holds no NUL
      reason: reason.replaceAll('\0', '\uFFFD'),
    };
    await this.patience.with(() => this.store.addDeadLetter(letter));
    return DONE;
  }
}
