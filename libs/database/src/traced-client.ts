import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import pg from 'pg';
import { startSpan } from '#libs/telemetry';

interface Statement {
  name?: string;
  text?: string;
}

/** A connection whose statements are spans of what they are for: by name, never with what they say or are given. */
export class TracedClient extends pg.Client {
  // biome-ignore lint/suspicious/noExplicitAny: as the overloads of pg have it
  override query(...given: any[]): any {
    const span = startStatement(given[0]);
    const ask = super.query as (...given: unknown[]) => unknown;
    if (!span) return ask.apply(this, given);
    const last: unknown = given.at(-1);
    if (typeof last === 'function') {
      const answered = (cause: unknown, result: unknown) => {
        end(span, cause);
        last(cause, result);
      };
      return ask.apply(this, [...given.slice(0, -1), answered]);
    }
    const asked = ask.apply(this, given);
    if (asked instanceof Promise)
      asked.then(
        () => end(span, null),
        (cause: unknown) => end(span, cause),
      );
    else span.end();
    return asked;
  }
}

/** Only of what is under way for somebody: those of timers, and of waits that are over, would be roots by the hundred. */
function startStatement(given: string | Statement): Span | undefined {
  if (!trace.getActiveSpan()?.isRecording()) return undefined;
  const { name, text = '' } = typeof given === 'string' ? { text: given } : given;
  const operation = /^\s*(\w+)/.exec(text)?.[1]?.toLowerCase() ?? 'statement';
  // Prisma's are numbered, which says nothing
  const said = name === undefined || /^hg_\d+$/.test(name) ? operation : name;
  return startSpan(`pg ${said}`, {
    kind: SpanKind.CLIENT,
    attributes: { 'db.system.name': 'postgresql', 'db.operation.name': operation, 'db.query.summary': said },
  });
}

function end(span: Span, cause: unknown): void {
  if (cause) span.setStatus({ code: SpanStatusCode.ERROR });
  const code = (cause as { code?: unknown } | null)?.code;
  if (typeof code === 'string') span.setAttribute('db.response.status_code', code);
  span.end();
}
