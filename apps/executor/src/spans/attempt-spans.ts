import { ROOT_SPAN, type RunSpan, SPAN_TEXT_LENGTH } from '#libs/contracts';
import type { SpanStatus } from '#libs/domain';
import type { Plan } from '#libs/engine';
import { ATTRIBUTES } from '#libs/telemetry';
import type { Redactor } from '../broker/redactor.ts';
import type { HttpRequest, RunnerSpan } from '../runner-protocol.ts';
import { ExportedAttempt } from './exported-attempt.ts';
import type { SpanOutbox, SpanSender } from './span-outbox.ts';

const OUTCOMES = {
  succeeded: 'ok',
  failed: 'error',
  timed_out: 'error',
  lost: 'error',
  cancelled: 'stopped',
  returned: 'stopped',
  unserved: 'stopped',
} as const satisfies Record<string, SpanStatus>;

/** How an attempt is over, for its run or only for this executor. */
export type AttemptOutcome = keyof typeof OUTCOMES;

const START = 2;

/**
 * The spans of one attempt: for the view of its run's trace and, where there is tracing, for the platform's own, under the
 * same ids. A runner counts its own and is given the odd numbers.
 */
export class AttemptSpans {
  private readonly beganMs = performance.now();
  private readonly exported: ExportedAttempt;
  /** When the runner was told; what it says of times counts from there. */
  private handedMs = 0;
  private last = START;
  private endedMs: number | undefined;

  constructor(
    private readonly sender: SpanSender,
    private readonly outbox: SpanOutbox,
    private readonly redactor: Redactor,
  ) {
    this.exported = new ExportedAttempt(sender);
  }

  /** What its messages bring with them. */
  get headers(): Record<string, string> {
    return this.exported.headers;
  }

  /** A runner has the run. */
  handedOver(isWarm: boolean): void {
    this.handedMs = this.elapsedMs;
    this.tell({
      number: START,
      parent: ROOT_SPAN,
      kind: 'start',
      name: 'runner.start',
      startedMs: 0,
      durationMs: this.handedMs,
      status: 'ok',
      attributes: { [ATTRIBUTES.warm]: isWarm },
    });
  }

  /** What a runner measured; of what is not in the plan nothing is told. */
  fromRunner(span: RunnerSpan, plan: Plan | undefined): void {
    const { kind, nodeId, iteration, status } = span;
    const node = plan?.nodes.find((one) => one.id === nodeId);
    if (!node) return;
    const attributes: RunSpan['attributes'] = {
      [ATTRIBUTES.node]: nodeId,
      [ATTRIBUTES.iteration]: iteration,
    };
    if (kind === 'node') attributes[ATTRIBUTES.component] = node.component;
    for (const [name, value] of Object.entries(span.attributes))
      if (value !== undefined) attributes[name] = value;
    this.tell({
      number: numberOf(span.number),
      parent: span.parent === undefined ? ROOT_SPAN : numberOf(span.parent),
      kind,
      name: nameOf(span),
      ...this.placed(span.startedMs, span.durationMs),
      status,
      attributes,
    });
  }

  /** A request goes out; the answer is to be called when it is over. Neither path nor query is told, they may hold anything. */
  request({
    nodeId,
    method,
    url,
    under,
    startedMs,
  }: HttpRequest): (status: SpanStatus, code?: number) => void {
    const beganMs = performance.now();
    const elapsedMs = this.elapsedMs;
    this.last += 2;
    const number = this.last;
    return (status, code) => {
      // before it is read: a host is written small, and would not be known for a secret
      const address = this.redactor.clean(url);
      const { hostname = '', port = '' } = URL.canParse(address) ? new URL(address) : {};
      this.tell({
        number,
        parent: under === undefined ? ROOT_SPAN : numberOf(under),
        kind: 'http',
        name: method,
        // by the runner's clock, as what it is a part of; the time that it took by ours
        ...this.placed(startedMs ?? elapsedMs - this.handedMs, performance.now() - beganMs),
        status,
        attributes: {
          [ATTRIBUTES.node]: nodeId,
          'http.request.method': method,
          'server.address': hostname,
          ...(port !== '' && { 'server.port': Number(port) }),
          ...(code !== undefined && { 'http.response.status_code': code }),
        },
      });
    };
  }

  end(outcome: AttemptOutcome): void {
    const { attempt } = this.sender;
    this.endedMs = this.elapsedMs;
    this.outbox.add(this.sender, {
      number: ROOT_SPAN,
      kind: 'attempt',
      name: 'run.attempt',
      startedMs: 0,
      durationMs: this.elapsedMs,
      status: OUTCOMES[outcome],
      attributes: { [ATTRIBUTES.attempt]: attempt, [ATTRIBUTES.outcome]: outcome },
    });
    this.exported.end(outcome, OUTCOMES[outcome]);
  }

  private get elapsedMs(): number {
    return this.endedMs ?? performance.now() - this.beganMs;
  }

  /** A runner may say anything: no span lies outside of its attempt. */
  private placed(runnerMs: number, durationMs: number): { startedMs: number; durationMs: number } {
    const { elapsedMs } = this;
    const startedMs = Math.min(this.handedMs + runnerMs, elapsedMs);
    return { startedMs, durationMs: Math.min(durationMs, elapsedMs - startedMs) };
  }

  private tell(given: RunSpan): void {
    const attributes = Object.entries(given.attributes).map(
      ([name, value]) => [name, typeof value === 'string' ? this.clean(value) : value] as const,
    );
    const span = { ...given, name: this.clean(given.name), attributes: Object.fromEntries(attributes) };
    // a flow that floods its trace does not flood the platform's either
    if (this.outbox.add(this.sender, span)) this.exported.tell(span);
  }

  private clean(text: string): string {
    return this.redactor.clean(text).slice(0, SPAN_TEXT_LENGTH);
  }
}

function numberOf(runnerNumber: number): number {
  return 2 * runnerNumber + 1;
}

/** As the conventions for such spans have it. */
function nameOf({ kind, attributes }: RunnerSpan): string {
  if (kind === 'node') return 'node.run';
  const {
    'gen_ai.operation.name': operation,
    'gen_ai.request.model': model,
    'gen_ai.tool.name': tool,
  } = attributes;
  return kind === 'model'
    ? `${operation ?? 'chat'} ${model ?? ''}`.trim()
    : `execute_tool ${tool ?? ''}`.trim();
}
