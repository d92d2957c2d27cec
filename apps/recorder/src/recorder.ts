import { setTimeout as sleep } from 'node:timers/promises';
import type { BlobStore } from '#libs/blobs';
import type { Bus } from '#libs/bus';
import type { Pool } from '#libs/database';
import { DeadLetterConsumer } from './events/dead-letter.consumer.ts';
import { EventConsumer } from './events/event.consumer.ts';
import { EventStore } from './events/event.store.ts';
import { EventCounters } from './events/event-counters.ts';
import { EventWriter } from './events/event-writer.ts';
import { Patience } from './events/patience.ts';

export interface RecorderOptions {
  bus: Bus;
  pool: Pool;
  blobs: BlobStore;
  cellKey: Uint8Array;
}

/** A database that is silent is not waited for. */
const STOP_MS = 5_000;

/** Writes what executors report into the log, behind the fence. */
export class Recorder {
  readonly counters = new EventCounters();
  private readonly patience = new Patience();
  private readonly store: EventStore;
  private readonly events: EventConsumer;
  private readonly deadLetters: DeadLetterConsumer;

  constructor({ bus, pool, blobs, cellKey }: RecorderOptions) {
    this.store = new EventStore(pool);
    const { patience } = this;
    const writer = new EventWriter(this.store, bus, patience);
    this.events = new EventConsumer({
      bus,
      writer,
      blobs,
      patience,
      counters: this.counters,
      cellKey,
    });
    this.deadLetters = new DeadLetterConsumer(bus, this.store, patience);
  }

  /** `isNewBus`: the bus begins with this process, and so do its offsets. */
  async start(isNewBus: boolean): Promise<void> {
    if (isNewBus) await this.store.forgetPositions();
    await this.deadLetters.start();
    await this.events.start();
  }

  /** Ends what is under way; what cannot be ended now is read again by the next one. */
  async stop(): Promise<void> {
    this.patience.end();
    const reading = Promise.all([this.events.stop(), this.deadLetters.stop()]);
    await Promise.race([reading, sleep(STOP_MS, undefined, { ref: false })]);
  }
}
