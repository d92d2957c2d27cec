import type { Bus } from '#libs/bus';
import { commandTo, type RunUsage } from '#libs/contracts';
import { DEFAULTS } from '#libs/domain';
import { AppError, type ErrorCode, problemOf } from '#libs/kernel';
import { type Append, type AppendEvent, type Appended, progressOf } from '#libs/runs';
import type { QueuedRun } from '../queue/run-queue.ts';
import type { Claims, HeldClaim } from './claims.ts';
import type { LeaseStore } from './lease.store.ts';

export interface TakebackOptions {
  bus: Bus;
  store: LeaseStore;
  claims: Claims;
  /** A slot has become free on an executor. */
  freed: (claim: HeldClaim) => void;
  /** A run is queued again and may be claimed after this time. */
  requeued: (run: QueuedRun, delayMs: number) => void;
}

/** Takes attempts away, and ends runs that have none left: the conductor's own events. */
export class Takeback {
  constructor(private readonly options: TakebackOptions) {}

  /** The attempt is over without an end: the run goes on with the next one, or fails for good. `isAtOnce`: without a pause. */
  async takeAway(
    claim: HeldClaim,
    reason: string,
    isFailure: boolean,
    { isAtOnce = false } = {},
  ): Promise<void> {
    const { organizationId, projectId, deploymentId, runId, attempt, failures } = claim;
    if (isFailure && failures >= DEFAULTS.allowedFailures) {
      const detail = `The run lost its worker ${failures + 1} times (${reason}); it is not tried again.`;
      return this.fail(claim, 'run.worker_lost', detail);
    }
    this.stopOnExecutor(claim);
    const delayMs =
      isFailure && !isAtOnce
        ? Math.min(DEFAULTS.retryBackoffMs * 2 ** failures, DEFAULTS.retryBackoffMaxMs)
        : 0;
    const event = conductorEvent('run.retried', { failedAttempt: attempt, reason });
    const append: Append = {
      organizationId,
      runId,
      attempt,
      from: 'attempt',
      retry: { failures: isFailure ? 1 : 0, delayMs },
      events: [event],
    };
    const [appended] = await this.append(append);
    this.release(runId, attempt);
    if (appended?.outcome === 'written')
      this.options.requeued(
        { organizationId, projectId, deploymentId, runId, isAlone: failures > 0 },
        delayMs,
      );
  }

  /** Ends a run whose attempt cannot go on. */
  async fail(claim: HeldClaim, code: ErrorCode, detail: string): Promise<void> {
    this.stopOnExecutor(claim);
    const error = problemOf(new AppError(code, { detail }));
    await this.endAs(claim, 'run.failed', 'attempt', (usage) => ({ data: { error, usage }, error }));
    this.release(claim.runId, claim.attempt);
  }

  /** The executor did not confirm in time: nothing more will be recorded, but something may still run. */
  async cancelUnconfirmed(claim: Pick<HeldClaim, 'organizationId' | 'runId' | 'attempt'>): Promise<void> {
    await this.endAs(claim, 'run.cancelled', 'attempt', (usage) => ({ data: { confirmed: false, usage } }));
    this.release(claim.runId, claim.attempt);
  }

  /** Its executor should have ended it long ago, and still has it. */
  async timeOut(claim: HeldClaim): Promise<void> {
    this.stopOnExecutor(claim);
    const detail = `The run should have ended after ${claim.timeoutSeconds} seconds, and its executor did not end it.`;
    const error = problemOf(new AppError('run.timed_out', { detail }));
    await this.endAs(claim, 'run.timed_out', 'attempt', (usage) => ({ data: { error, usage }, error }));
    this.release(claim.runId, claim.attempt);
  }

  async cancelIdle(
    run: { organizationId: string; runId: string; attempt: number },
    state: 'queued' | 'waiting',
  ): Promise<void> {
    await this.endAs(run, 'run.cancelled', state, (usage) => ({ data: { confirmed: true, usage } }));
  }

  async expireQueued(run: { organizationId: string; runId: string; attempt: number }): Promise<void> {
    const error = problemOf(
      new AppError('run.queue_expired', {
        detail: 'The run waited in the queue longer than its time to live.',
      }),
    );
    await this.endAs(run, 'run.timed_out', 'queued', (usage) => ({ data: { error, usage }, error }));
  }

  /** Forgets a claim and frees its slot. */
  release(runId: string, attempt: number): void {
    const claim = this.options.claims.remove(runId, attempt);
    if (claim) this.options.freed(claim);
  }

  /** Tells the executor to stop an attempt. */
  stopOnExecutor({
    organizationId,
    runId,
    attempt,
    executorId,
  }: Pick<HeldClaim, 'organizationId' | 'runId' | 'attempt' | 'executorId'>): void {
    const { bus } = this.options;
    const command = { kind: 'cancel', executorId, runId, attempt } as const;
    bus.publish([commandTo(organizationId, command, bus.partitions)]).catch(() => undefined);
  }

  private async endAs(
    run: { organizationId: string; runId: string; attempt: number },
    type: 'run.failed' | 'run.cancelled' | 'run.timed_out',
    from: 'attempt' | 'queued' | 'waiting',
    make: (usage: RunUsage) => { data: object; error?: object },
  ): Promise<void> {
    const { organizationId, runId, attempt } = run;
    const usage = await this.options.store.usageOf(organizationId, runId);
    if (!usage) return;
    const { data, error } = make(usage);
    const end = { output: null, error: error ? JSON.stringify(error) : null, usage: JSON.stringify(usage) };
    await this.append({
      organizationId,
      runId,
      attempt,
      from,
      events: [{ ...conductorEvent(type, data), end }],
    });
  }

  private async append(append: Append): Promise<Appended[]> {
    const appended = await this.options.store.append(append);
    this.options.bus.publish([progressOf(append, appended)]).catch(() => undefined);
    return appended;
  }
}

function conductorEvent(type: AppendEvent['type'], data: object): AppendEvent {
  return { n: null, type, elapsedMs: null, data: JSON.stringify(data) };
}
