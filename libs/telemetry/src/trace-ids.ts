import { randomBytes } from 'node:crypto';

let given: string | undefined;

/** The ids of spans; a root may be given the trace that it belongs to. */
export const TRACE_IDS = {
  generateTraceId: (): string => given ?? randomBytes(16).toString('hex'),
  generateSpanId: (): string => randomBytes(8).toString('hex'),
};

/** Roots that are begun meanwhile are of this trace. */
export function underTrace<Result>(traceId: string | undefined, begin: () => Result): Result {
  given = traceId;
  try {
    return begin();
  } finally {
    given = undefined;
  }
}

/** A run's id is its trace's: whoever knows the run knows the trace, across hops, restarts and attempts. */
export function traceOfRun(runId: string): string {
  return runId.replaceAll('-', '');
}

export function runOfTrace(traceId: string): string {
  return traceId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
