import { context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { ROOT_SPAN, type RunSpan } from '#libs/contracts';
import type { SpanStatus } from '#libs/domain';
import {
  ATTRIBUTES,
  isTracing,
  linksTo,
  spanOfAttempt,
  startRoot,
  startSpan,
  TRACEPARENT,
  traceOfRun,
  traceparentOf,
} from '#libs/telemetry';

/** The same attempt for a telemetry backend, where there is one: a root in its run's trace, under the ids that the view has. */
export class ExportedAttempt {
  /** What its messages bring with them: those who read them go on from here. */
  readonly headers: Record<string, string>;
  private readonly beganAtMs = Date.now();
  private readonly root: Span | undefined;
  private readonly attempt: number;

  constructor({
    organizationId,
    runId,
    attempt,
  }: {
    organizationId: string;
    runId: string;
    attempt: number;
  }) {
    this.attempt = attempt;
    this.root = isTracing()
      ? startRoot(
          'run.attempt',
          traceOfRun(runId),
          {
            links: linksTo(trace.getSpanContext(context.active())),
            attributes: {
              [ATTRIBUTES.organization]: organizationId,
              [ATTRIBUTES.run]: runId,
              [ATTRIBUTES.attempt]: attempt,
            },
          },
          spanOfAttempt(attempt, ROOT_SPAN),
        )
      : undefined;
    this.headers = this.root ? { [TRACEPARENT]: traceparentOf(this.root.spanContext()) } : {};
  }

  tell({ number, parent, kind, name, startedMs, durationMs, status, attributes }: RunSpan): void {
    if (!this.root) return;
    const above = { ...this.root.spanContext(), spanId: spanOfAttempt(this.attempt, parent ?? ROOT_SPAN) };
    const startTime = this.beganAtMs + startedMs;
    const options = {
      startTime,
      attributes,
      kind: kind === 'http' || kind === 'model' ? SpanKind.CLIENT : SpanKind.INTERNAL,
    };
    const within = trace.setSpanContext(ROOT_CONTEXT, above);
    const span = startSpan(name, options, within, spanOfAttempt(this.attempt, number));
    if (status === 'error') span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(startTime + durationMs);
  }

  end(outcome: string, status: SpanStatus): void {
    this.root?.setAttribute(ATTRIBUTES.outcome, outcome);
    if (status === 'error') this.root?.setStatus({ code: SpanStatusCode.ERROR });
    this.root?.end();
  }
}
