import type { BlobStore } from '#libs/blobs';
import type { Bus } from '#libs/bus';
import type { Pool } from '#libs/database';
import { DEFAULTS } from '#libs/domain';
import { atMost } from '#libs/kernel';
import type { Logger } from '#libs/telemetry';
import { DeadLetterConsumer } from './events/dead-letter.consumer.ts';
import { EventConsumer } from './events/event.consumer.ts';
import { EventStore } from './events/event.store.ts';
import { EventCounters } from './events/event-counters.ts';
import { EventWriter } from './events/event-writer.ts';
import { Patience } from './events/patience.ts';
import { SpanConsumer } from './spans/span.consumer.ts';
import { SpanStore } from './spans/span.store.ts';

export interface RecorderOptions {
  bus: Bus;
  pool: Pool;
  blobs: BlobStore;
  cellKey: Uint8Array;
  log: Logger;
}

/** A database that is silent is not waited for. */
const STOP_MS = 5_000;
const HOUSEKEEPING_MS = 3_600_000;

/** Writes what executors report into the log, behind the fence. */
export class Recorder {
  readonly counters = new EventCounters();
  private readonly patience = new Patience();
  private readonly store: EventStore;
  private readonly events: EventConsumer;
  private readonly spans: SpanConsumer;
  private readonly deadLetters: DeadLetterConsumer;
  private housekeeping: NodeJS.Timeout | undefined;

  constructor(private readonly options: RecorderOptions) {
    const { bus, pool, blobs, cellKey } = options;
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
    this.spans = new SpanConsumer({ bus, store: new SpanStore(pool), patience, cellKey });
    this.deadLetters = new DeadLetterConsumer(bus, this.store, patience);
  }

  /** `isNewBus`: the bus begins with this process, and so do its offsets. */
  async start(isNewBus: boolean): Promise<void> {
    if (isNewBus) await this.store.forgetPositions();
    await this.deadLetters.start();
    await this.events.start();
    await this.spans.start();
    this.keepHouse();
    this.housekeeping = setInterval(() => this.keepHouse(), HOUSEKEEPING_MS);
  }

  /** Ends what is under way; what cannot be ended now is read again by the next one. */
  async stop(): Promise<void> {
    clearInterval(this.housekeeping);
    this.patience.end();
    await atMost(STOP_MS, Promise.all([this.events.stop(), this.spans.stop(), this.deadLetters.stop()]));
  }

  private keepHouse(): void {
    this.options.blobs
      .clearUploads(DEFAULTS.uploadKeptMs)
      .catch((cause: unknown) => this.options.log.warn({ err: cause }, 'old uploads stay'));
  }
}
