import type { RunSpan } from '#libs/contracts';
import type { SpanKind } from '#libs/domain';
import { spanOfAttempt } from '#libs/telemetry';
import type { RunTrace, TraceSpan } from './trace.schema.ts';
import type { SpansRow } from './trace.store.ts';

type Shown = Omit<RunTrace, 'runId' | 'traceId' | 'status' | 'attempt' | 'omittedAttempts'>;

/** The spans of a run in their order, and what they add up to. */
export function presentSpans(rows: readonly SpansRow[]): Shown {
  const data = rows.flatMap(spansOf).sort(inOrder);
  const newest = rows.at(-1);
  const start = data.findLast(({ kind, attempt }) => kind === 'start' && attempt === newest?.attempt);
  const sum = (kind: SpanKind) =>
    rounded(data.reduce((ms, span) => (span.kind === kind ? ms + span.durationMs : ms), 0));
  const dropped = new Map(rows.map((row) => [row.attempt, row.dropped]));
  return {
    queueMs: newest ? rounded(newest.queueMs) : null,
    placementMs: newest ? rounded(newest.placementMs) : null,
    coldStartMs: start?.durationMs ?? null,
    nodeMs: sum('node'),
    modelMs: sum('model'),
    toolMs: sum('tool'),
    droppedSpans: [...dropped.values()].reduce((all, one) => all + one, 0),
    data,
  };
}

/** An attempt's own clock begins when its executor has it; what was before is known from the claim. */
function spansOf({ attempt, queueMs, placementMs, spans }: SpansRow): TraceSpan[] {
  // the recorder has read them, and written nothing else
  return (JSON.parse(spans) as RunSpan[]).map(({ number, parent, startedMs, durationMs, ...shown }) => ({
    id: spanOfAttempt(attempt, number),
    parentId: parent === undefined ? null : spanOfAttempt(attempt, parent),
    attempt,
    ...shown,
    startedMs: rounded(queueMs + placementMs + startedMs),
    durationMs: rounded(durationMs),
  }));
}

/** Of those that begin together, the one that the other is a part of has the lower id. */
function inOrder(one: TraceSpan, other: TraceSpan): number {
  return one.attempt - other.attempt || one.startedMs - other.startedMs || (one.id < other.id ? -1 : 1);
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
