import type { SpanContext } from '@opentelemetry/api';
import { Recent } from '#libs/kernel';

const MAX_TRACES = 10_000;

/** What this process heard of a run last: what it does for it later, in a batch or after a wait, goes on from there. */
const hops = new Recent<string, SpanContext>(MAX_TRACES);

export function lastHop(traceId: string): SpanContext | undefined {
  return hops.get(traceId);
}

export function rememberHop(hop: SpanContext): void {
  hops.set(hop.traceId, hop);
}
