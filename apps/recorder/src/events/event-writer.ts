import type { Bus } from '#libs/bus';
import { isRefusal } from '#libs/database';
import { AppError, Gather, problemOf } from '#libs/kernel';
import { type Append, type Appended, progressOf } from '#libs/runs';
import type { EventStore, ReadPosition } from './event.store.ts';
import type { Patience } from './patience.ts';

/** What one delivery brings, or why it cannot be recorded. */
export interface Report {
  append: Append;
  flaw?: string;
}

/** The reports of one partition's deliveries, in their order. */
export interface Batch {
  reports: Report[];
  position: ReadPosition;
}

/** What became of each report: an answer per event, or why its run was ended. */
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

  /** What large values are called by; the events that name them follow. */
  addBlobs(organizationId: string, blobs: readonly { hash: string; size: number }[]): Promise<void> {
    return this.patience.with(() => this.store.addBlobs(organizationId, blobs));
  }

  private async flush(batches: Batch[]): Promise<Written[][]> {
    const written = await this.writeAll(
      batches.flatMap((batch) => batch.reports),
      batches.map((batch) => batch.position),
    );
    let end = 0;
    return batches.map(({ reports: { length } }) => {
      end += length;
      return written.slice(end - length, end);
    });
  }

  private async writeAll(reports: Report[], positions: ReadPosition[]): Promise<Written[]> {
    let flaw = reports.find((report) => report.flaw !== undefined)?.flaw;
    if (flaw === undefined) {
      try {
        return await this.writeWhole(reports, positions);
      } catch (cause) {
        // what the database did not refuse is a fault of ours, and no run's
        if (!isRefusal(cause) || reports.length === 0) throw cause;
        flaw = (cause as Error).message;
      }
    }
    const written = await this.writeParts(reports, flaw);
    if (positions.length > 0) await this.patience.with(() => this.store.append([], positions));
    return written;
  }

  private async writeWhole(reports: Report[], positions: ReadPosition[]): Promise<Written[]> {
    const appends = reports.map((report) => report.append);
    const appended = await this.patience.with(() => this.store.append(appends, positions));
    this.tell(appends, appended);
    return appended.map((one) => ({ appended: one }));
  }

  /** In their order: what a run reported before its flaw is written, what it reported after finds it ended. */
  private async writeParts(reports: Report[], flaw: string): Promise<Written[]> {
    const [only] = reports;
    if (only && reports.length === 1) {
      await this.endPoisoned(only.append, flaw);
      return [{ poisoned: flaw }];
    }
    const middle = Math.ceil(reports.length / 2);
    const first = await this.writeAll(reports.slice(0, middle), []);
    return [...first, ...(await this.writeAll(reports.slice(middle), []))];
  }

  private async endPoisoned({ organizationId, runId, attempt }: Append, reason: string): Promise<void> {
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

  private tell(appends: readonly Append[], appended: readonly Appended[][]): void {
    const messages = appends.map((append, index) => progressOf(append, appended[index] ?? []));
    // a hint: whoever misses it looks for itself within a second
    this.bus.publish(messages).catch(() => undefined);
  }
}
