import type { Bus } from '#libs/bus';
import { type BusMessage, commandTo } from '#libs/contracts';
import { isOutage } from '#libs/database';
import { fairOrder } from '#libs/domain';
import type { Logger } from '#libs/telemetry';
import { type Claims, type HeldClaim, heldClaim } from '../leases/claims.ts';
import type { Takeback } from '../leases/takeback.ts';
import type { Claim, ClaimedRun, QueueStore } from '../queue/queue.store.ts';
import type { QueuedRun, RunQueue } from '../queue/run-queue.ts';
import { type AssignmentParts, buildAssignment } from './build-assignment.ts';
import type { Executors } from './executors.ts';

const MAX_CLAIMS = 128;

export interface PlacerOptions extends AssignmentParts {
  bus: Bus;
  queue: RunQueue;
  store: QueueStore;
  executors: Executors;
  claims: Claims;
  takeback: Takeback;
  log: Logger;
}

/** Brings waiting runs to executors, in batches that form while the last one is being claimed. */
export class Placer {
  private isPumping = false;
  private isAskedAgain = false;
  private isStopped = false;
  private idle: Promise<void> = Promise.resolve();

  constructor(private readonly options: PlacerOptions) {}

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
  stop(): Promise<void> {
    this.isStopped = true;
    return this.idle;
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
    for (const name of dry) queue.refill(name, heads.get(name.deploymentId) ?? []);
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
      claimed = await store.claim(claims);
    } catch (cause) {
      for (const { run, executorId } of picked) {
        this.options.executors.ended(executorId, run.organizationId);
        this.options.queue.mark(run);
      }
      throw cause;
    }
    const got = new Set(claimed.map((run) => run.runId));
    for (const { run, executorId } of picked)
      if (!got.has(run.runId)) this.options.executors.ended(executorId, run.organizationId);
    // held from this moment on: whoever takes stock meanwhile must find them
    await this.send(claimed.map((run) => ({ run, claim: this.hold(run) })));
    return true;
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
    const full = new Set<string>();
    for (const organizationId of fairOrder(queue.waiting(), MAX_CLAIMS)) {
      if (full.has(organizationId)) continue;
      const executorId = executors.choose(organizationId);
      const run = executorId === undefined ? undefined : queue.take(organizationId);
      if (executorId === undefined || !run) {
        full.add(organizationId);
        continue;
      }
      executors.sent(executorId, organizationId);
      picked.push({ run, executorId });
    }
    executors.refused(full, performance.now());
    return picked;
  }

  private async send(held: { run: ClaimedRun; claim: HeldClaim }[]): Promise<void> {
    const { bus, releases, keyring, takeback } = this.options;
    const runs = held.map(({ run }) => run);
    try {
      await keyring.load(runs.map((run) => run.organizationId));
      await releases.load(runs);
    } catch (cause) {
      for (const { claim } of held) {
        const giveBack = takeback.takeAway(claim, 'it could not be prepared', !isOutage(cause));
        await giveBack.catch(() => takeback.release(claim.runId, claim.attempt));
      }
      throw cause;
    }
    await bus.publish(held.flatMap(({ run, claim }) => this.assign(run, claim)));
  }

  private assign(run: ClaimedRun, claim: HeldClaim): BusMessage[] {
    const { organizationId, executorId } = run;
    try {
      const assignment = buildAssignment(run, this.options);
      const message = commandTo(
        organizationId,
        { kind: 'assign', executorId, assignment },
        this.options.bus.partitions,
      );
      claim.unconfirmed = message;
      return [message];
    } catch (cause) {
      this.options.log.error(
        { err: cause, run: run.runId, organization: organizationId },
        'an assignment could not be built',
      );
      const { takeback } = this.options;
      // unknown from then on, it is found when the session comes back
      const release = () => takeback.release(claim.runId, claim.attempt);
      takeback.fail(claim, 'internal', 'The run could not be prepared.').catch(release);
      return [];
    }
  }
}
