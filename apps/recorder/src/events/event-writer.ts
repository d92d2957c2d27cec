import type { Bus } from '#libs/bus';
import { isRefusal } from '#libs/database';
import { AppError, Gather, problemOf } from '#libs/kernel';
import { type Append, type Appended, progressOf } from '#libs/runs';
import type { EventStore, ReadPosition } from './event.store.ts';
import type { Patience } from './patience.ts';

/** The events of one partition's deliveries; one append per delivery. */
export interface Batch {
  appends: Append[];
  position: ReadPosition;
}

/** What became of each append: an answer per event, or why its run was ended. */
export type Written = { appended: Appended[] } | { poisoned: string };

const MAX_BATCHES = 200;

/** Commits what gathered while the last commit was under way. A run that makes a batch fail is found, and only it fails. */
export class EventWriter {
  private readonly gather = new Gather<Batch, Written[]>((batches) => this.flush(batches), MAX_BATCHES);

  constructor(
    private readonly store: EventStore,
    private readonly bus: Bus,
    private readonly patience: Patience,
  ) {}

  write(batch: Batch): Promise<Written[]> {
    return this.gather.add(batch);
  }

  /** Ends a run whose events cannot be recorded. */
  async endPoisoned({ organizationId, runId, attempt }: Append, reason: string): Promise<void> {
    const error = problemOf(
      new AppError('run.bad_event', { detail: `The run produced what cannot be recorded: ${reason}.` }),
    );
    const usage = await this.patience.with(() => this.store.usageOf(organizationId, runId));
    if (!usage) return;
    const end = { output: null, error: JSON.stringify(error), usage: JSON.stringify(usage) };
    const event = {
      n: null,
      type: 'run.failed' as const,
      elapsedMs: null,
      data: JSON.stringify({ error, usage }),
      end,
    };
    const append: Append = { organizationId, runId, attempt, from: 'owner', events: [event] };
    this.tell([append], await this.patience.with(() => this.store.append([append], [])));
  }

  /** What large values are called by; the events that name them follow. */
  addBlobs(organizationId: string, blobs: readonly { hash: string; size: number }[]): Promise<void> {
    return this.patience.with(() => this.store.addBlobs(organizationId, blobs));
  }

  private async flush(batches: Batch[]): Promise<Written[][]> {
    const appends = batches.flatMap((batch) => batch.appends);
    const written = await this.writeAll(
      appends,
      batches.map((batch) => batch.position),
    );
    let end = 0;
    return batches.map(({ appends: { length } }) => {
      end += length;
      return written.slice(end - length, end);
    });
  }

  private async writeAll(appends: Append[], positions: ReadPosition[]): Promise<Written[]> {
    try {
      const appended = await this.patience.with(() => this.store.append(appends, positions));
      this.tell(appends, appended);
      return appended.map((one) => ({ appended: one }));
    } catch (cause) {
      return this.bisect(appends, positions, cause);
    }
  }

  private async bisect(appends: Append[], positions: ReadPosition[], cause: unknown): Promise<Written[]> {
    // what the database did not refuse is a fault of ours, and no run's
    if (!isRefusal(cause) || appends.length === 0) throw cause;
    const runs = [...new Set(appends.map((append) => append.runId))];
    if (runs.length === 1 && appends[0]) {
      const reason = (cause as Error).message;
      await this.endPoisoned(appends[0], reason);
      await this.advance(positions);
      return appends.map(() => ({ poisoned: reason }));
    }
    const first = new Set(runs.slice(0, Math.ceil(runs.length / 2)));
    const results = new Map<Append, Written>();
    for (const half of [
      appends.filter(({ runId }) => first.has(runId)),
      appends.filter(({ runId }) => !first.has(runId)),
    ]) {
      const written = await this.writeAll(half, []);
      half.forEach((append, index) => {
        const result = written[index];
        if (result) results.set(append, result);
      });
    }
    await this.advance(positions);
    return appends.map((append) => results.get(append) ?? { poisoned: 'it was not written' });
  }

  private async advance(positions: ReadPosition[]): Promise<void> {
    if (positions.length > 0) await this.patience.with(() => this.store.append([], positions));
  }

  private tell(appends: readonly Append[], appended: readonly Appended[][]): void {
    const messages = appends.map((append, index) => progressOf(append, appended[index] ?? []));
    // a hint: whoever misses it looks for itself within a second
    this.bus.publish(messages).catch(() => undefined);
  }
}
