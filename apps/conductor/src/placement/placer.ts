import { fairOrder, type Waiting } from '#libs/domain';
import { withRunsSpan } from '#libs/telemetry';
import { type HeldClaim, heldClaim } from '../leases/claims.ts';
import type { Claim, ClaimedRun } from '../queue/queue.store.ts';
import type { QueuedRun, RunQueue } from '../queue/run-queue.ts';
import { Dispatch, type DispatchOptions } from './dispatch.ts';
import type { Executors } from './executors.ts';

const MAX_CLAIMS = 128;
const REVIEW_MS = 500;

export interface PlacerOptions extends DispatchOptions {
  queue: RunQueue;
  executors: Executors;
}

/** Brings waiting runs to executors, in batches that form while the last one is being claimed. */
export class Placer {
  /** How many claims it has brought to executors. */
  placed = 0;
  private isPumping = false;
  private isAskedAgain = false;
  private isStopped = false;
  private nextReviewMs = 0;
  private idle: Promise<void> = Promise.resolve();
  private readonly dispatch: Dispatch;

  constructor(private readonly options: PlacerOptions) {
    this.dispatch = new Dispatch(options);
  }

  /** Places what can be placed; safe to call whenever anything changed. */
  pump(): void {
    if (this.isStopped) return;
    if (this.isPumping) {
      this.isAskedAgain = true;
      return;
    }
    this.isPumping = true;
    this.idle = this.run();
  }

  /** Claims no more; resolves when all that is claimed has been sent. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.idle;
    await this.dispatch.rest();
  }

  private async run(): Promise<void> {
    try {
      do {
        this.isAskedAgain = false;
        await this.refill();
        if (await this.placeBatch()) this.isAskedAgain = true;
      } while (this.isAskedAgain && !this.isStopped);
    } catch (cause) {
      // the sweep marks the queue again; nothing is lost, as the truth is in the table
      this.options.log.warn({ err: cause }, 'placing runs failed, the next sweep goes on');
    } finally {
      this.isPumping = false;
    }
  }

  private async refill(): Promise<void> {
    const { queue, store } = this.options;
    const dry = queue.dry();
    if (dry.length === 0) return;
    const heads = await store.heads(dry);
    for (const name of dry) {
      const head = heads.get(name.deploymentId);
      queue.refill(name, head?.runIds ?? [], head?.alone);
    }
  }

  private async placeBatch(): Promise<boolean> {
    const { keyring, store } = this.options;
    const picked = this.pick();
    if (picked.length === 0) return false;
    let claimed: ClaimedRun[];
    try {
      await keyring.load(picked.map(({ run }) => run.organizationId));
      const claims = picked.flatMap(({ run, executorId }): Claim[] => {
        const kekId = keyring.inUse(run.organizationId);
        return kekId === undefined ? [] : [{ run, executorId, kekId }];
      });
      const runIds = claims.map(({ run }) => run.runId);
      claimed = await withRunsSpan('run.claim', runIds, () => store.claim(claims));
    } catch (cause) {
      for (const { run, executorId } of picked) {
        this.options.executors.ended(executorId, run.organizationId, run.isAlone);
        this.options.queue.mark(run);
      }
      throw cause;
    }
    this.placed += claimed.length;
    const got = new Map(claimed.map((run) => [run.runId, run]));
    for (const { run, executorId } of picked) this.settle(run, executorId, got.get(run.runId));
    // held from this moment on: whoever takes stock meanwhile must find them
    await this.dispatch.send(claimed.map((run) => ({ run, claim: this.hold(run) })));
    return true;
  }

  /** Counts a slot as what was claimed, which may be nothing or a run that has failed since it was queued. */
  private settle({ organizationId, isAlone = false }: QueuedRun, executorId: string, got?: ClaimedRun): void {
    const { executors } = this.options;
    if (got && got.failures > 0 === isAlone) return;
    executors.ended(executorId, organizationId, isAlone);
    if (got) executors.sent(executorId, organizationId, !isAlone);
  }

  private hold(run: ClaimedRun): HeldClaim {
    const claim = heldClaim(run, performance.now());
    this.options.claims.add(claim);
    return claim;
  }

  /** Which runs go where next: fair between organizations, as far as there is room. */
  private pick(): { run: QueuedRun; executorId: string }[] {
    const { queue, executors } = this.options;
    const picked: { run: QueuedRun; executorId: string }[] = [];
    for (const organizationId of fairOrder(this.placeable(), MAX_CLAIMS)) {
      const executorId = this.placeFor(organizationId);
      const run = executorId === undefined ? undefined : queue.take(organizationId);
      if (executorId === undefined || !run) continue;
      executors.sent(executorId, organizationId, run.isAlone);
      picked.push({ run, executorId });
    }
    this.reviewWaiting(performance.now());
    return picked;
  }

  /** Who waits and has room; those without do not count, so that they hide nobody behind them. */
  private *placeable(): Generator<Waiting> {
    const { queue, executors } = this.options;
    for (const waiting of queue.waiting(executors.isFull() ? executors.having() : undefined))
      if (this.placeFor(waiting.organizationId) !== undefined) yield waiting;
  }

  private placeFor(organizationId: string): string | undefined {
    const { queue, executors } = this.options;
    return executors.choose(organizationId, queue.isNextAlone(organizationId));
  }

  /** Reads all who wait, and so not each time that a run ends. */
  private reviewWaiting(nowMs: number): void {
    const { queue, executors } = this.options;
    if (!executors.isFull()) return executors.refused([], nowMs);
    if (nowMs < this.nextReviewMs) return;
    this.nextReviewMs = nowMs + REVIEW_MS;
    executors.refused(
      [...queue.waiting()].map(({ organizationId }) => organizationId),
      nowMs,
    );
  }
}
