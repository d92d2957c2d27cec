import { randomBytes } from 'node:crypto';

let given: { traceId?: string | undefined; spanId?: string | undefined } = {};

/** The ids of spans; a root may be given the trace that it belongs to. */
export const TRACE_IDS = {
  generateTraceId: (): string => given.traceId ?? randomBytes(16).toString('hex'),
  generateSpanId: (): string => given.spanId ?? randomBytes(8).toString('hex'),
};

/** A span that is begun meanwhile has these. */
export function withIds<Result>(ids: typeof given, begin: () => Result): Result {
  given = ids;
  try {
    return begin();
  } finally {
    given = {};
  }
}

/** A run's id is its trace's: whoever knows the run knows the trace, across hops, restarts and attempts. */
export function traceOfRun(runId: string): string {
  return runId.replaceAll('-', '');
}

/** A span of an attempt has the same id wherever it is shown: the attempt, and its number within that. */
export function spanOfAttempt(attempt: number, number: number): string {
  return [attempt, number].map((part) => part.toString(16).padStart(8, '0')).join('');
}

export function runOfTrace(traceId: string): string {
  return traceId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
