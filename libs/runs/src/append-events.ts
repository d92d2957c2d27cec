import { isTerminalEvent } from '#libs/domain';
import type { Append, AppendEvent, Appended } from './append.ts';
import { type Entry, entriesOf } from './append-entries.ts';

/** The call of the one routine that writes events and moves states. */
export interface AppendCall {
  /** For the `from` of a select. */
  sql: string;
  values: unknown[];
  /** What the rows say of each event of each append, in the order in which they were given. */
  read(rows: readonly unknown[]): Appended[][];
}

interface EntryState {
  attempt: number;
  is_open: boolean;
  is_next: boolean | null;
  last_n: number;
  last_seq: number;
  assigned_at: Date | null;
  now: Date;
  final_attempt: number | null;
  final_n: number | null;
}

/** Builds the call; its parameters begin with `$<first>`. */
export function appendCall(appends: readonly Append[], first = 1): AppendCall {
  const entries = entriesOf(appends);
  const values = columnsOf(entries);
  const sql = `append_events(${values.map((_, index) => `$${index + first}`).join(',')})`;
  return {
    sql,
    values,
    read(rows) {
      const results = new Map<AppendEvent, Appended>();
      entries.forEach((entry, index) => {
        const state = rows[index] as EntryState;
        for (const event of entry.given) results.set(event, outcomeOf(entry, event, state));
      });
      return appends.map((append) =>
        append.events.map((event) => results.get(event) ?? { outcome: 'fenced' }),
      );
    },
  };
}

function outcomeOf(entry: Entry, event: AppendEvent, state: EntryState): Appended {
  const { n } = event;
  const { last_n, last_seq } = state;
  if (n === null) {
    if (!state.is_open) return { outcome: 'fenced' };
    return written(event, state, last_seq + entry.placed.indexOf(event) + 1);
  }
  if (state.final_n !== null) {
    return { outcome: entry.attempt === state.final_attempt && n <= state.final_n ? 'duplicate' : 'fenced' };
  }
  if (!state.is_open) return { outcome: 'fenced' };
  if (n <= last_n) return { outcome: 'duplicate' };
  if (!state.is_next) return { outcome: 'fenced' };
  if (entry.copies.has(event)) return { outcome: 'duplicate' };
  if (!entry.isPlaced(n)) return { outcome: 'fenced' };
  return written(event, state, last_seq + n - last_n);
}

function written(event: AppendEvent, state: EntryState, seq: number): Appended {
  return { outcome: 'written', attempt: state.attempt, seq, at: timeOf(event, state) };
}

/** The same time that the routine writes. */
function timeOf({ elapsedMs }: AppendEvent, { assigned_at, now }: EntryState): Date {
  if (elapsedMs === null || assigned_at === null) return now;
  return new Date(Math.min(now.getTime(), assigned_at.getTime() + elapsedMs));
}

/** The arrays of the routine's parameters, in their order. */
function columnsOf(entries: readonly Entry[]): unknown[][] {
  const r = columns(12);
  const e = columns(6);
  const t = columns(6);
  const c = columns(6);
  const m = columns(9);
  const u = columns(8);
  entries.forEach((entry, index) => {
    const ordinal = index + 1;
    const { append, placed } = entry;
    const started = placed.find((event) => event.type === 'run.started');
    const { retry } = append;
    add(
      r,
      append.organizationId,
      append.runId,
      append.attempt,
      append.from,
      entry.firstN,
      entry.lastN,
      placed.length,
    );
    add(
      r.slice(7),
      entry.isHoled,
      started?.elapsedMs ?? null,
      moveOf(placed),
      retry?.failures ?? 0,
      retry?.delayMs ?? 0,
    );
    placed.forEach((event, position) => {
      const { n, type, elapsedMs, data, end, checkpoint, message } = event;
      add(e, ordinal, position + 1, n, type, elapsedMs, data);
      if (end) add(t, ordinal, type, elapsedMs, end.output, end.error, end.usage);
      // the checkpoints of a run that ends here would be deleted with it
      if (checkpoint && !entry.isEnd) {
        add(c, ordinal, n, checkpoint.nodeId, checkpoint.iteration, checkpoint.sealed, checkpoint.blobHash);
      }
      if (message) {
        add(
          m,
          ordinal,
          n,
          elapsedMs,
          message.id,
          message.nodeId,
          message.role,
          message.text,
          message.files,
          message.blobHash,
        );
      }
    });
    for (const event of entry.given) {
      const { n, usage } = event;
      if (usage && !entry.copies.has(event)) {
        add(
          u,
          ordinal,
          n,
          usage.nodeId,
          usage.iteration,
          usage.call,
          usage.model,
          usage.inputTokens,
          usage.outputTokens,
        );
      }
    }
  });
  return [...r, ...e, ...t, ...c, ...m, ...u];
}

function moveOf(placed: readonly AppendEvent[]): string | null {
  const last = placed.at(-1)?.type;
  if (last === undefined) return null;
  if (isTerminalEvent(last)) return 'end';
  return last === 'run.retried' ? 'retry' : last === 'run.cancel_requested' ? 'cancel' : null;
}

function columns(count: number): unknown[][] {
  return Array.from({ length: count }, () => []);
}

function add(to: unknown[][], ...values: unknown[]): void {
  values.forEach((value, index) => {
    to[index]?.push(value);
  });
}
