import {
  type Attributes,
  type Context,
  context,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { lastHop } from './hops.ts';
import { traceOfRun, withIds } from './trace-ids.ts';
import { isTracing } from './tracing.ts';

const tracer = trace.getTracer('headgate');

/** Runs a piece of work as a span named `<noun>.<verb>`; its failure is the span's. */
export function withSpan<Result>(
  name: string,
  attributes: Attributes,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  return tracer.startActiveSpan(name, { attributes }, (span) => within(span, () => work(span)));
}

/** A piece of work for runs that came together: in the trace of the first, with links to the others. */
export function withRunsSpan<Result>(
  name: string,
  runIds: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> {
  const [first, ...others] = runIds;
  if (!isTracing() || first === undefined) return work();
  const links = others.flatMap((runId) => linksTo(lastHop(traceOfRun(runId))));
  const span = startRunSpan(name, first, { links });
  return context.with(trace.setSpan(ROOT_CONTEXT, span), () => within(span, work));
}

/** A span within a run's trace: under what is under way for that run here, else under what was heard of it last. */
export function startRunSpan(name: string, runId: string, options: SpanOptions = {}): Span {
  const traceId = traceOfRun(runId);
  const active = trace.getActiveSpan()?.spanContext();
  if (active?.traceId === traceId) return tracer.startSpan(name, options);
  const hop = lastHop(traceId);
  if (hop) return tracer.startSpan(name, options, trace.setSpanContext(ROOT_CONTEXT, hop));
  return startRoot(name, traceId, { ...options, links: [...(options.links ?? []), ...linksTo(active)] });
}

export function startRoot(name: string, traceId: string, options: SpanOptions = {}, spanId?: string): Span {
  return withIds({ traceId, spanId }, () => tracer.startSpan(name, { ...options, root: true }));
}

export function startSpan(name: string, options: SpanOptions, parent?: Context, spanId?: string): Span {
  return withIds({ spanId }, () => tracer.startSpan(name, options, parent));
}

export function linksTo(linked: SpanContext | undefined): Link[] {
  return linked ? [{ context: linked }] : [];
}

async function within<Result>(span: Span, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw cause;
  } finally {
    span.end();
  }
}
