import { isTerminalEvent } from '#libs/domain';
import type { Append, AppendEvent } from './append.ts';

/** All events of one (run, attempt) in a call: those that can be written stand in `placed`, in their order and without a gap. */
export interface Entry {
  append: Append;
  attempt: number;
  given: AppendEvent[];
  placed: AppendEvent[];
  /** Second copies of the same event. */
  copies: ReadonlySet<AppendEvent>;
  firstN: number | null;
  lastN: number | null;
  /** Something is missing behind what is placed. */
  isHoled: boolean;
  isEnd: boolean;
  isPlaced(n: number): boolean;
}

/** One entry per attempt, in the order in which everyone locks: by organization, then run. */
export function entriesOf(appends: readonly Append[]): Entry[] {
  const byAttempt = new Map<string, { append: Append; given: AppendEvent[] }>();
  for (const append of appends) {
    const name = `${append.organizationId}/${append.runId}/${append.attempt}`;
    const known = byAttempt.get(name);
    if (known) known.given.push(...append.events);
    else byAttempt.set(name, { append, given: [...append.events] });
  }
  return [...byAttempt]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { append, given }]) => entryOf(append, given));
}

function entryOf(append: Append, given: AppendEvent[]): Entry {
  const base = { append, attempt: append.attempt, given };
  if (given[0]?.n === null) {
    const isEnd = given.some((event) => isTerminalEvent(event.type));
    return {
      ...base,
      placed: given,
      copies: new Set(),
      firstN: null,
      lastN: null,
      isHoled: false,
      isEnd,
      isPlaced: () => true,
    };
  }
  const copies = new Set<AppendEvent>();
  const placed: AppendEvent[] = [];
  let isHoled = false;
  let isEnd = false;
  for (const event of given.toSorted((a, b) => (a.n ?? 0) - (b.n ?? 0))) {
    const last = placed.at(-1);
    if (last && event.n === last.n) copies.add(event);
    else if (isEnd || isHoled) continue;
    else if (last && event.n !== (last.n ?? 0) + 1) isHoled = true;
    else {
      placed.push(event);
      isEnd = isTerminalEvent(event.type);
    }
  }
  const firstN = placed[0]?.n ?? null;
  const lastN = placed.at(-1)?.n ?? null;
  const isPlaced = (n: number) => firstN !== null && lastN !== null && n >= firstN && n <= lastN;
  return { ...base, placed, copies, firstN, lastN, isHoled, isEnd, isPlaced };
}
