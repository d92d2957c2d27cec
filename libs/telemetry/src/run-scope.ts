import { type Context, context, createContextKey, trace } from '@opentelemetry/api';

/** Which run the work is for, as far as it is known. */
interface RunScope {
  runId: string | undefined;
  /** The id for a run that this work may accept, and that is then in its trace. */
  freshId: string | undefined;
}

const SCOPE = createContextKey('headgate.run');

export function forRun(within: Context, runId: string): Context {
  return within.setValue(SCOPE, { runId, freshId: undefined } satisfies RunScope);
}

export function forNewRun(within: Context, freshId: string): Context {
  return within.setValue(SCOPE, { runId: undefined, freshId } satisfies RunScope);
}

/** The id of the first run that a request makes: that of the request's own trace, where there is one. */
export function takeRunId(): string | undefined {
  const scope = scopeOf(context.active());
  const id = scope?.freshId;
  if (!scope || id === undefined) return undefined;
  scope.runId = id;
  scope.freshId = undefined;
  return id;
}

/** What a line of the log says of where it was written. */
export function logFields(): Record<string, string> {
  const active = context.active();
  const traceId = trace.getSpanContext(active)?.traceId;
  const runId = scopeOf(active)?.runId;
  return { ...(traceId !== undefined && { traceId }), ...(runId !== undefined && { runId }) };
}

function scopeOf(within: Context): RunScope | undefined {
  return within.getValue(SCOPE) as RunScope | undefined; // set above, and nowhere else
}
