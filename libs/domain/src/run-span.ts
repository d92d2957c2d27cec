/** What a span of a run is about; `start`: until a runner has the run. */
export const SPAN_KINDS = ['attempt', 'start', 'node', 'model', 'tool', 'http'] as const;
export type SpanKind = (typeof SPAN_KINDS)[number];

/** `stopped`: neither done nor failed when its run was cancelled, timed out or given back. */
export const SPAN_STATUSES = ['ok', 'error', 'stopped'] as const;
export type SpanStatus = (typeof SPAN_STATUSES)[number];
