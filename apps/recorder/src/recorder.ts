import type { BlobStore } from '#libs/blobs';
import type { Bus } from '#libs/bus';
import type { Pool } from '#libs/database';
import { DeadLetterConsumer } from './events/dead-letter.consumer.ts';
import { EventConsumer } from './events/event.consumer.ts';
import { EventStore } from './events/event.store.ts';
import { EventCounters } from './events/event-counters.ts';
import { EventWriter } from './events/event-writer.ts';

export interface RecorderOptions {
  bus: Bus;
  pool: Pool;
  blobs: BlobStore;
  cellKey: Uint8Array;
}

/** Writes what executors report into the log, behind the fence. */
export class Recorder {
  readonly counters = new EventCounters();
  private readonly store: EventStore;
  private readonly events: EventConsumer;
  private readonly deadLetters: DeadLetterConsumer;

  constructor({ bus, pool, blobs, cellKey }: RecorderOptions) {
    this.store = new EventStore(pool);
    const writer = new EventWriter(this.store, bus);
    this.events = new EventConsumer({
      bus,
      writer,
      blobs,
      counters: this.counters,
      cellKey,
    });
    this.deadLetters = new DeadLetterConsumer(bus, this.store);
  }

  /** `isNewBus`: the bus begins with this process, and so do its offsets. */
  async start(isNewBus: boolean): Promise<void> {
    if (isNewBus) await this.store.forgetPositions();
    await this.deadLetters.start();
    await this.events.start();
  }

  async stop(): Promise<void> {
    await this.events.stop();
    await this.deadLetters.stop();
  }
}
