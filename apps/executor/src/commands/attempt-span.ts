import { context, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import {
  ATTRIBUTES,
  isTracing,
  linksTo,
  startRoot,
  startSpan,
  TRACEPARENT,
  traceOfRun,
  traceparentOf,
} from '#libs/telemetry';

/** An attempt as a root in its run's trace, with a span for each node that completes. */
export class AttemptSpan {
  /** What its messages bring with them: those who read them go on from here. */
  readonly headers: Record<string, string>;
  private readonly span: Span | undefined;

  constructor({
    organizationId,
    runId,
    attempt,
  }: {
    organizationId: string;
    runId: string;
    attempt: number;
  }) {
    this.span = isTracing()
      ? startRoot('run.attempt', traceOfRun(runId), {
          links: linksTo(trace.getSpanContext(context.active())),
          attributes: {
            [ATTRIBUTES.organization]: organizationId,
            [ATTRIBUTES.run]: runId,
            [ATTRIBUTES.attempt]: attempt,
          },
        })
      : undefined;
    this.headers = this.span ? { [TRACEPARENT]: traceparentOf(this.span.spanContext()) } : {};
  }

  node(nodeId: string, iteration: number, durationMs: number): void {
    if (!this.span) return;
    const nowMs = Date.now();
    const options = {
      startTime: nowMs - durationMs,
      attributes: { [ATTRIBUTES.node]: nodeId, [ATTRIBUTES.iteration]: iteration },
    };
    startSpan('node.run', options, trace.setSpan(ROOT_CONTEXT, this.span)).end(nowMs);
  }

  end(): void {
    this.span?.end();
  }
}
