import { BlobMismatchError, type BlobStore, stagingPrefix } from '#libs/blobs';
import { type Bus, type Delivery, DONE, type Outcome, type Reading } from '#libs/bus';
import { RunEvents, type RunEventsData, TOPICS } from '#libs/contracts';
import { isRunToken } from '#libs/crypto';
import { isRefusal } from '#libs/database';
import { isTerminalEvent } from '#libs/domain';
import type { Append } from '#libs/runs';
import type { EventCounters } from './event-counters.ts';
import type { EventWriter, Written } from './event-writer.ts';
import type { Patience } from './patience.ts';
import { PoisonedRun, readEvents } from './read-events.ts';

export interface EventConsumerOptions {
  bus: Bus;
  writer: EventWriter;
  blobs: BlobStore;
  patience: Patience;
  counters: EventCounters;
  cellKey: Uint8Array;
}

type Read = { append: Append } | { outcome: Outcome; events: number };

/** Takes what executors report, and answers for every event: written, duplicate, fenced or dead. */
export class EventConsumer {
  private reading: Reading | undefined;

  constructor(private readonly options: EventConsumerOptions) {}

  async start(): Promise<void> {
    this.reading = await this.options.bus.subscribe({
      reader: 'recorder',
      topic: TOPICS.runEvent,
      group: 'shared',
      handle: (deliveries) => this.handle(deliveries),
    });
  }

  async stop(): Promise<void> {
    await this.reading?.stop();
  }

  private async handle(deliveries: Delivery[]): Promise<Outcome[]> {
    const last = deliveries.at(-1);
    if (!last) return [];
    const reads: Read[] = [];
    // one after another: a run's last message clears away what its earlier ones have uploaded
    for (const delivery of deliveries) reads.push(await this.read(delivery));
    const appends = reads.flatMap((read) => ('append' in read ? [read.append] : []));
    const position = { topic: last.topic, partition: last.partition, offset: last.offset };
    const written = await this.options.writer.write({ appends, position });
    // only now: a batch that throws comes back, and is delivered then
    this.options.counters.delivered += reads.reduce((sum, read) => sum + eventsIn(read), 0);
    let at = 0;
    return reads.map((read) =>
      'append' in read ? this.count(read.append, written[at++]) : this.countDead(read),
    );
  }

  private async read(delivery: Delivery): Promise<Read> {
    let organizationId: string | null;
    let data: RunEventsData;
    try {
      ({ orgId: organizationId, data } = RunEvents.decode(delivery.value));
    } catch (cause) {
      return { outcome: { kind: 'dead', reason: `not an event: ${(cause as Error).message}` }, events: 1 };
    }
    const { runId, attempt, executorId, runToken, events } = data;
    if (
      organizationId === null ||
      !isRunToken(this.options.cellKey, { organizationId, runId, attempt, executorId }, runToken)
    ) {
      return { outcome: { kind: 'dead', reason: 'the run token does not fit' }, events: events.length };
    }
    try {
      const append = readEvents(organizationId, data);
      await this.takeBlobs(organizationId, data);
      return { append };
    } catch (cause) {
      const reason = flawOfRun(cause);
      if (reason === undefined) throw cause;
      await this.options.writer.endPoisoned(
        { organizationId, runId, attempt, from: 'owner', events: [] },
        reason,
      );
      return { outcome: { kind: 'dead', reason }, events: events.length };
    }
  }

  private async takeBlobs(organizationId: string, { runId, attempt, events }: RunEventsData): Promise<void> {
    const staged = events.flatMap((event) => [
      ...(event.staged ?? []),
      ...(event.checkpoint?.staged ? [event.checkpoint.staged] : []),
    ]);
    if (staged.length === 0) return;
    const { blobs, patience, writer } = this.options;
    const prefix = stagingPrefix(runId, attempt);
    const isAway = (cause: unknown) => !(cause instanceof BlobMismatchError);
    for (const blob of staged)
      await patience.with(() => blobs.promote(organizationId, `${prefix}/${blob.i}`, blob), isAway);
    await writer.addBlobs(organizationId, staged);
    if (events.some((event) => isTerminalEvent(event.type)))
      await patience.with(() => blobs.clearStaging(prefix), isAway);
  }

  private count({ events }: Append, written: Written | undefined): Outcome {
    if (!written || 'poisoned' in written) {
      return this.countDead({
        outcome: { kind: 'dead', reason: written?.poisoned ?? 'it was not written' },
        events: events.length,
      });
    }
    for (const { outcome } of written.appended) this.options.counters[outcome] += 1;
    return DONE;
  }

  private countDead({ outcome, events }: { outcome: Outcome; events: number }): Outcome {
    this.options.counters.dead += events;
    return outcome;
  }
}

/** What a run did wrong; undefined where the fault is not its own. */
function flawOfRun(cause: unknown): string | undefined {
  if (cause instanceof PoisonedRun) return cause.message;
  if (cause instanceof BlobMismatchError || isRefusal(cause))
    return `a large value cannot be taken: ${(cause as Error).message}`;
  return undefined;
}

function eventsIn(read: Read): number {
  return 'append' in read ? read.append.events.length : read.events;
}
