import type { Bus } from '#libs/bus';
import { commandTo, type ExecutorStatusData, TOPICS } from '#libs/contracts';
import { isUuid } from '#libs/kernel';
import { type Claims, type GivenBack, type HeldClaim, heldClaim } from './claims.ts';
import type { LeaseStore, LiveRow } from './lease.store.ts';
import type { Liveness } from './liveness.ts';
import type { Takeback } from './takeback.ts';

export interface LeasesOptions {
  bus: Bus;
  store: LeaseStore;
  claims: Claims;
  takeback: Takeback;
  liveness: Liveness;
  /** An executor has an attempt that was not sent by us. */
  adopted: (claim: HeldClaim) => void;
  /** An executor, and how many attempts it had; said again while they are not taken away. */
  lost: (executorId: string, attempts: number) => void;
}

/** Why an attempt is taken away that its executor does not have any more; all but the first count as failures. */
const REASONS: Record<GivenBack, string> = {
  returned: 'it was given back',
  lost: 'its runner ended',
  unserved: 'the blob store did not serve it',
};

/** Keeps what executors hold in agreement with what the table says. */
export class Leases {
  /** Of each executor, how far its events had come when it was last heard. */
  private readonly offsets = new Map<string, ExecutorStatusData['eventOffsets']>();

  constructor(private readonly options: LeasesOptions) {}

  /** The run is over, or this attempt of it: its slot is free. */
  ended(runId: string, attempt: number): void {
    this.options.takeback.release(runId, attempt);
  }

  /** Events of an attempt were refused: if a hole broke it, it is taken away. */
  async fenced(organizationId: string, runId: string, attempt: number): Promise<void> {
    const row = await this.options.store.live(organizationId, runId);
    if (row?.broken && row.attempt === attempt) await this.takeBroken(row);
  }

  async takeBroken(row: LiveRow): Promise<void> {
    const claim = this.options.claims.get(row.runId) ?? this.adopt(row);
    if (claim) await this.options.takeback.takeAway(claim, 'an event was lost on its way', true);
  }

  async heard(status: ExecutorStatusData): Promise<void> {
    const { bus, claims, store, takeback, liveness } = this.options;
    const { executorId } = status;
    liveness.heard(executorId);
    this.offsets.set(executorId, status.eventOffsets);
    if (status.isParked) await this.callRoll(executorId, status.pulse);
    const findings = claims.reconcile(status, performance.now());
    for (const { claim, outcome } of findings.givenBack) {
      await takeback.takeAway(claim, REASONS[outcome], outcome !== 'returned');
    }
    if (findings.ended.length > 0 && (await store.isRecorderPast(TOPICS.runEvent, status.eventOffsets))) {
      for (const claim of findings.ended) await this.checkEnd(claim);
    }
    if (findings.stray.length > 0) await this.settle(executorId, findings.stray);
    const resent = findings.resend.flatMap((claim) => (claim.unconfirmed ? [claim.unconfirmed] : []));
    if (resent.length > 0) await bus.publish(resent);
    if (findings.recorded.length > 0) {
      const command = { kind: 'recorded', executorId, attempts: findings.recorded } as const;
      await bus.publish([commandTo(null, command, bus.partitions)]);
    }
  }

  /** Tells an executor what of its attempts is still its own, and on which of its words it may go on with them. */
  async callRoll(executorId: string, pulse?: number): Promise<void> {
    const { bus, claims } = this.options;
    const attempts = claims.of(executorId).map(({ runId, attempt }) => ({ runId, attempt }));
    const command = { kind: 'roll-call', executorId, attempts, pulse } as const;
    await bus.publish([commandTo(null, command, bus.partitions)]);
  }

  /** Attempts that the table says are out, but that we do not know of: nobody has them. */
  async giveBackUnknown(): Promise<void> {
    for (const row of await this.options.store.assigned()) {
      if (this.options.claims.get(row.runId)) continue;
      const claim = this.adopt(row);
      if (claim) await this.options.takeback.takeAway(claim, REASONS.returned, false);
    }
  }

  /** What a leader before has sent out is with executors that live, or is lost with them in their time. */
  async adoptAll(): Promise<void> {
    const { claims, liveness, adopted, store } = this.options;
    for (const row of await store.assigned()) {
      const claim = this.adopt(row);
      if (!claim) continue;
      claims.add({ ...claim, isAdopted: true });
      adopted(claim);
      liveness.expect(claim.executorId);
    }
  }

  /** Takes away what lost executors had, once the recorder has read all that they were heard to have sent. */
  async loseSilent(): Promise<void> {
    const { claims, liveness, lost, store, takeback } = this.options;
    // also what was being sent while its executor was given up
    for (const executorId of claims.holders()) liveness.expect(executorId);
    for (const executorId of liveness.lost()) {
      const held = claims.of(executorId);
      // first of all, so that nothing more is sent there
      lost(executorId, held.length);
      const offsets = this.offsets.get(executorId) ?? {};
      if (held.length > 0 && !(await store.isRecorderPast(TOPICS.runEvent, offsets))) continue;
      for (const claim of held)
        await takeback.takeAway(claim, 'its executor was lost', true, { isAtOnce: true });
      this.offsets.delete(executorId);
      liveness.forget(executorId);
    }
  }

  /** The executor says that it ended, and the recorder has read all that it sent: if no end is in the log, it was lost. */
  private async checkEnd(claim: HeldClaim): Promise<void> {
    const row = await this.options.store.live(claim.organizationId, claim.runId);
    if (row && row.attempt === claim.attempt && (row.status === 'assigned' || row.status === 'running')) {
      await this.options.takeback.takeAway(claim, 'its end was lost on its way', true);
    } else this.options.takeback.release(claim.runId, claim.attempt);
  }

  /** Held there without a claim of ours: a hint may have been wrong, and only the table says what is over. */
  private async settle(executorId: string, stray: ExecutorStatusData['held']): Promise<void> {
    const { adopted, claims, store, takeback } = this.options;
    // a statement of many runs must not fail for one that cannot be
    const named = stray.filter(({ organizationId, runId }) => isUuid(organizationId) && isUuid(runId));
    const rows = new Map((await store.heldBy(executorId, named)).map((row) => [row.runId, row]));
    for (const key of stray) {
      const row = rows.get(key.runId);
      const claim = row?.attempt === key.attempt ? this.adopt(row) : undefined;
      if (claim) {
        claims.add(claim);
        adopted(claim);
      } else takeback.stopOnExecutor({ ...key, executorId });
    }
  }

  private adopt(row: LiveRow): HeldClaim | undefined {
    const { executorId } = row;
    return executorId === null ? undefined : heldClaim({ ...row, executorId }, performance.now());
  }
}
