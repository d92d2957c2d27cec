import { DEFAULTS } from '#libs/domain';
import type { Claims } from '../leases/claims.ts';
import type { LeaseStore, Overdue } from '../leases/lease.store.ts';
import type { Leases } from '../leases/leases.ts';
import type { Takeback } from '../leases/takeback.ts';
import { GRANT_MARGIN_SECONDS } from '../placement/build-assignment.ts';
import type { QueueStore } from '../queue/queue.store.ts';
import type { RunQueue } from '../queue/run-queue.ts';

export interface SweepOptions {
  queue: RunQueue;
  queueStore: QueueStore;
  leaseStore: LeaseStore;
  claims: Claims;
  leases: Leases;
  takeback: Takeback;
}

/** A cancel that the executor has neither confirmed nor killed by then is ended without it. */
const UNCONFIRMED_AFTER_SECONDS = (DEFAULTS.cancelGraceMs * 2) / 1000;

/** By then nothing that was granted to an attempt is good any more. */
const UNSERVED_AFTER_MS = GRANT_MARGIN_SECONDS * 1_000;

/** Looks for what hints would have told if none were lost. Costs by organizations with work, not by backlog. */
export class Sweep {
  constructor(private readonly options: SweepOptions) {}

  async run(): Promise<void> {
    const { claims, queue, queueStore, leaseStore, takeback } = this.options;
    for (const name of await queueStore.deploymentsWithWork()) queue.mark(name);
    const faults: unknown[] = [];
    // one that cannot be decided keeps nobody else waiting
    for (const row of await leaseStore.overdue())
      await this.decide(row).catch((cause: unknown) => faults.push(cause));
    for (const claim of claims.overdue(performance.now(), UNSERVED_AFTER_MS))
      await takeback.timeOut(claim).catch((cause: unknown) => faults.push(cause));
    if (faults.length > 0) throw faults[0];
  }

  private async decide(row: Overdue): Promise<void> {
    const { claims, leases, takeback } = this.options;
    if (row.why === 'broken') return leases.takeBroken(row);
    if (row.why === 'expired') return takeback.expireQueued(row);
    if (row.status === 'queued' || row.status === 'waiting') return takeback.cancelIdle(row, row.status);
    const claim = claims.get(row.runId);
    if ((row.secondsSinceCancel ?? 0) > UNCONFIRMED_AFTER_SECONDS) return takeback.cancelUnconfirmed(row);
    if (claim) takeback.stopOnExecutor(claim);
  }
}
