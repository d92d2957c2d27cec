import { BlobMismatchError, type BlobStore, stagingPrefix } from '#libs/blobs';
import { type Bus, consuming, type Delivery, DONE, type Outcome, type Reading, readMessage } from '#libs/bus';
import { RunEvents, type RunEventsData, TOPICS } from '#libs/contracts';
import { isRunToken } from '#libs/crypto';
import { isRefusal } from '#libs/database';
import { DEFAULTS } from '#libs/domain';
import type { EventCounters } from './event-counters.ts';
import type { EventWriter, Report, Written } from './event-writer.ts';
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

type Read = { report: Report; events: number } | { outcome: Outcome; events: number };

/** Takes what executors report, and answers for every event: written, duplicate, fenced or dead. */
export class EventConsumer {
  private reading: Reading | undefined;

  constructor(private readonly options: EventConsumerOptions) {}

  async start(): Promise<void> {
    this.reading = await this.options.bus.subscribe({
      reader: 'recorder',
      topic: TOPICS.runEvent,
      group: 'shared',
      handle: (deliveries) => consuming(deliveries, () => this.handle(deliveries)),
    });
  }

  async stop(): Promise<void> {
    await this.reading?.stop();
  }

  private async handle(deliveries: Delivery[]): Promise<Outcome[]> {
    const last = deliveries.at(-1);
    if (!last) return [];
    const reads = await Promise.all(deliveries.map((delivery) => this.read(delivery)));
    const reports = reads.flatMap((read) => ('report' in read ? [read.report] : []));
    const position = { topic: last.topic, partition: last.partition, offset: last.offset };
    const written = await this.options.writer.write({ reports, position });
    // only now: a batch that throws comes back, and is delivered then
    this.options.counters.delivered += reads.reduce((sum, read) => sum + read.events, 0);
    let at = 0;
    return reads.map((read) =>
      'report' in read ? this.count(read.events, written[at++]) : this.countDead(read),
    );
  }

  private async read(delivery: Delivery): Promise<Read> {
    const read = readMessage(RunEvents, delivery);
    if ('outcome' in read) return { ...read, events: 1 };
    const { orgId: organizationId, data } = read.message;
    const { runId, attempt, executorId, runToken } = data;
    const events = data.events.length;
    if (
      organizationId === null ||
      !isRunToken(this.options.cellKey, { organizationId, runId, attempt, executorId }, runToken)
    ) {
      return { outcome: { kind: 'dead', reason: 'the run token does not fit' }, events };
    }
    try {
      const append = readEvents(organizationId, data);
      await this.takeBlobs(organizationId, data);
      return { report: { append }, events };
    } catch (cause) {
      const flaw = flawOfRun(cause);
      if (flaw === undefined) throw cause;
      return {
        report: { append: { organizationId, runId, attempt, from: 'owner', events: [] }, flaw },
        events,
      };
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
    // the store does not know the limit everywhere, and nobody else of the partition is to wait for what is endless
    if (staged.some(({ size }) => size > DEFAULTS.outputBytes))
      throw new PoisonedRun(`a large value holds more than ${DEFAULTS.outputBytes} bytes`);
    for (const blob of staged)
      await patience.with(() => blobs.promote(organizationId, `${prefix}/${blob.i}`, blob), isAway);
    await writer.addBlobs(organizationId, staged);
  }

  private count(events: number, written: Written | undefined): Outcome {
    if (!written || 'poisoned' in written) {
      const reason = written?.poisoned ?? 'it was not written';
      return this.countDead({ outcome: { kind: 'dead', reason }, events });
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
