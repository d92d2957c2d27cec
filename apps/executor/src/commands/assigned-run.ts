import type { Assignment, RunError } from '#libs/contracts';
import type { Plan } from '#libs/engine';
import { AppError, isErrorCode, problemOf } from '#libs/kernel';
import { BlobUnavailable, type PlanCache } from '../blobs/granted-blobs.ts';
import type { Brokers } from '../broker/brokers.ts';
import { Redactor } from '../broker/redactor.ts';
import { RunRequests } from '../broker/run-requests.ts';
import { BadEvent } from '../events/bad-event.ts';
import type { EventOutbox } from '../events/event-outbox.ts';
import { Reporter } from '../events/reporter.ts';
import { Staging } from '../events/staging.ts';
import type { FromRunner, RunnerResult } from '../runner-protocol.ts';
import type { LostBecause, RunInRunner } from '../runners/runner.ts';
import type { RunnerPool, Seat } from '../runners/runner-pool.ts';
import { type AttemptOutcome, AttemptSpans } from '../spans/attempt-spans.ts';
import type { SpanOutbox } from '../spans/span-outbox.ts';
import type { DoneOutcome } from './attempts.ts';
import { prepareRun } from './prepare-run.ts';
import type { Presence } from './presence.ts';
import { type Stop, stopOf } from './stop.ts';
import { Usage } from './usage.ts';

export interface ExecutorParts {
  executorId: string;
  outbox: EventOutbox;
  spans: SpanOutbox;
  plans: PlanCache;
  pool: RunnerPool;
  brokers: Brokers;
  presence: Presence;
  /** How long a run has to stop by itself before its runner is killed. */
  cancelGraceMs: number;
}

/** One for all: making an error for each run would cost more than the run's end. */
const OVER = new Error('the run is over');

const OUTCOME_OF = {
  'run.failed': 'failed',
  'run.timed_out': 'timed_out',
  'run.cancelled': 'cancelled',
} as const;

/** One attempt on this executor, from its assignment to its last event. */
export class AssignedRun implements RunInRunner {
  private readonly reporter: Reporter;
  private readonly spans: AttemptSpans;
  private readonly abort = new AbortController();
  private readonly requests: RunRequests;
  private readonly usage: Usage;
  private plan: Plan | undefined;
  private seat: Seat | undefined;
  private number = -1;
  private hasStarted = false;
  private stop: Stop | undefined;
  private timeout: NodeJS.Timeout | undefined;
  private grace: NodeJS.Timeout | undefined;
  /** The flow has given its result; too late to stop it. */
  private hasResult = false;
  private isOver = false;

  constructor(
    readonly assignment: Assignment,
    private readonly parts: ExecutorParts,
    private readonly finished: (outcome: DoneOutcome) => void,
    /** How long it was on its way here. */
    underwayMs: number,
  ) {
    const redactor = new Redactor(assignment.secrets);
    this.usage = new Usage(assignment);
    const { organizationId, runId, attempt, runToken, queueMs, claimedForMs } = assignment;
    const sender = { organizationId, runId, attempt, runToken };
    const placementMs = claimedForMs + underwayMs;
    this.spans = new AttemptSpans({ ...sender, queueMs, placementMs }, parts.spans, redactor);
    this.reporter = new Reporter({
      sender: { ...sender, headers: this.spans.headers },
      outbox: parts.outbox,
      redactor,
      staging: new Staging(assignment.staging, this.abort.signal),
      checkpointKey: Buffer.from(assignment.checkpointKey, 'base64'),
      failed: (cause) => this.stopFor(stopOf(cause)),
    });
    this.requests = new RunRequests({
      broker: parts.brokers.of(organizationId),
      redactor,
      secrets: assignment.secrets,
      signal: this.abort.signal,
      whenPresent: (signal) => parts.presence.whenPresent(signal),
      send: (request, part) => this.seat?.runner.send({ kind: 'response', run: this.number, request, part }),
      whenDrained: async () => this.seat?.runner.sandbox.whenDrained(),
      measure: (request) => this.spans.request(request),
      refused: (host, reason, count) => this.reporter.report('egress.refused', { host, reason, count }),
    });
  }

  async begin(): Promise<void> {
    const { assignment, parts } = this;
    const taking = parts.pool.take(assignment.organizationId, assignment.isAlone);
    try {
      const [prepared, seat] = await Promise.all([
        prepareRun(assignment, parts.plans, this.abort.signal),
        taking,
      ]);
      this.seat = seat;
      this.plan = prepared.plan;
      // the runner can have died meanwhile, and would not tell this run of it
      if (seat.runner.isDead) this.giveBack();
      if (this.isOver) return seat.runner.leave();
      this.timeout = setTimeout(() => this.stopFor({ as: 'timed_out' }), assignment.timeoutMs);
      this.number = seat.runner.start(prepared, this);
      this.spans.handedOver(seat.isWarm);
    } catch (cause) {
      taking.then(({ runner }) => runner.leave()).catch(() => undefined);
      if (cause instanceof BlobUnavailable) return this.leave('unserved');
      this.end(
        'failed',
        new AppError('run.plan_unavailable', {
          detail: `The run could not be prepared: ${(cause as Error).message}.`,
        }),
      );
    }
  }

  /** A cancel from outside, or a timeout. Its end is reported when nothing of it runs any more. */
  cancel(): void {
    this.stopFor({ as: 'cancelled' });
  }

  /** The executor ends: the attempt is given back, nobody's fault. */
  giveBack(): void {
    this.leave('returned');
  }

  frame(frame: Exclude<FromRunner, { kind: 'ready' }>): void {
    if (this.isOver) return;
    this.reportStart();
    switch (frame.kind) {
      case 'event':
        if (frame.type === 'usage') this.usage.count(frame.data);
        return this.reporter.reportFromRunner(frame.type, frame.data);
      case 'checkpoint': {
        const { nodeId, iteration, outputs, durationMs, resumed } = frame;
        if (!this.plan?.nodes.some((node) => node.id === nodeId))
          return this.stopFor(stopOf(new BadEvent('a checkpoint names no node of the plan')));
        const state = resumed ? undefined : { nodeId, iteration, outputs };
        return this.reporter.report(
          'node.completed',
          { nodeId, iteration, outputs, durationMs: Math.round(durationMs * 1000) / 1000, resumed },
          state,
        );
      }
      case 'span':
        return this.spans.fromRunner(frame.span, this.plan);
      case 'http':
        return this.requests.frame(frame.request, frame.open, this.plan);
      case 'done':
        return this.done(frame.result);
    }
  }

  lost(because: LostBecause): void {
    if (this.isOver) return;
    if (because === 'killed_for_this_run' && this.stop) return this.endStopped(this.stop);
    this.leave(because === 'crashed' ? 'lost' : 'returned');
  }

  /** With the first word of the runner, so that what a short run has to say leaves in one message. */
  private reportStart(): void {
    if (this.hasStarted) return;
    this.hasStarted = true;
    const { contentHash } = this.assignment;
    const { executorId } = this.parts;
    this.reporter.report('run.started', {
      contentHash,
      engine: 'native',
      executorId,
      warm: this.seat?.isWarm ?? false,
    });
  }

  private done(result: RunnerResult): void {
    this.seat?.runner.release(this.number);
    if (result.is === 'cancelled' || this.stop) return this.endStopped(this.stop ?? { as: 'cancelled' });
    if (result.is === 'failed') {
      const code = isErrorCode(result.code) ? result.code : 'node.failed';
      const error = new AppError(code, {
        detail: result.detail,
        members: { node: result.node, component: result.component },
      });
      if (result.node !== undefined) {
        this.reporter.report('node.failed', {
          nodeId: result.node,
          iteration: result.iteration ?? 0,
          error: problemOf(error),
        });
      }
      return this.end('failed', error);
    }
    this.succeed(result.output);
  }

  private succeed(output: unknown): void {
    this.hasResult = true;
    clearTimeout(this.timeout);
    this.reporter
      .endWithOutput({ output, usage: this.used }, () => this.sent())
      .catch((cause: unknown) => this.endStopped(stopOf(cause)));
  }

  /** Asks the runner to stop; kills it after a grace, and its other runs go on elsewhere. */
  private stopFor(stop: Stop): void {
    if (this.isOver || this.hasResult || this.stop) return;
    this.stop = stop;
    this.abort.abort(OVER);
    const { seat } = this;
    if (!seat || this.number < 0) return this.endStopped(stop);
    seat.runner.send({ kind: 'cancel', run: this.number });
    this.grace = setTimeout(() => seat.runner.killFor(this.number), this.parts.cancelGraceMs);
  }

  private endStopped(stop: Stop): void {
    if (stop.as === 'unserved') this.leave('unserved');
    else if (stop.as === 'cancelled') this.endWith('run.cancelled', { confirmed: true, usage: this.used });
    else if (stop.as === 'failed') this.end('failed', new AppError(stop.code, { detail: stop.detail }));
    else {
      const seconds = Math.round(this.assignment.timeoutMs / 1000);
      this.end(
        'timed_out',
        new AppError('run.timed_out', {
          detail: `The run took longer than its timeout of ${seconds} seconds.`,
        }),
      );
    }
  }

  private get used() {
    return this.usage.total(this.reporter.elapsedMs);
  }

  private end(how: 'failed' | 'timed_out', error: AppError): void {
    this.endWith(`run.${how}`, { error: problemOf(error) as RunError, usage: this.used });
  }

  private endWith(
    type: 'run.failed' | 'run.timed_out' | 'run.cancelled',
    data: Parameters<Reporter['end']>[1],
  ): void {
    if (this.isOver) return;
    this.reporter.end(type, data, () => this.sent());
    this.close(OUTCOME_OF[type]);
  }

  /** The attempt ends here without an end of its run, which goes on with the next. */
  private leave(outcome: Exclude<DoneOutcome, 'ended'>): void {
    if (this.isOver) return;
    this.close(outcome);
    this.finished(outcome);
  }

  /** The bus has the last event: only now is the attempt done. */
  private sent(): void {
    this.close('succeeded');
    this.finished('ended');
  }

  private close(outcome: AttemptOutcome): void {
    if (this.isOver) return;
    this.isOver = true;
    this.spans.end(outcome);
    clearTimeout(this.timeout);
    clearTimeout(this.grace);
    this.abort.abort(OVER);
  }
}
