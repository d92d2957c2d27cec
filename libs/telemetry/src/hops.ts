import type { SpanContext } from '@opentelemetry/api';

const MAX_TRACES = 10_000;

/** What this process heard of a run last: what it does for it later, in a batch or after a wait, goes on from there. */
const hops = new Map<string, SpanContext>();

export function lastHop(traceId: string): SpanContext | undefined {
  return hops.get(traceId);
}

export function rememberHop(hop: SpanContext): void {
  hops.delete(hop.traceId);
  hops.set(hop.traceId, hop);
  if (hops.size <= MAX_TRACES) return;
  for (const oldest of hops.keys()) {
    hops.delete(oldest);
    return;
  }
}
