import type { BusMessage, ExecutorStatusData } from '#libs/contracts';

/** How an attempt leaves its executor without an end. */
export type GivenBack = Exclude<ExecutorStatusData['done'][number]['outcome'], 'ended'>;

/** An attempt that an executor has, as far as we know. */
export interface HeldClaim {
  organizationId: string;
  projectId: string;
  deploymentId: string;
  runId: string;
  attempt: number;
  failures: number;
  executorId: string;
  timeoutSeconds: number;
  claimedAtMs: number;
  /** The assignment, until the executor has shown that it has it. */
  unconfirmed: BusMessage | undefined;
  /** Of a leader before: whether an executor has it, only that executor can tell. */
  isAdopted?: boolean;
}

/** A claim of an attempt that is out, as the table names it. */
export function heldClaim(
  {
    organizationId,
    projectId,
    deploymentId,
    runId,
    attempt,
    failures,
    executorId,
    timeoutSeconds,
  }: Omit<HeldClaim, 'claimedAtMs' | 'unconfirmed'>,
  claimedAtMs: number,
): HeldClaim {
  const unconfirmed = undefined;
  return {
    organizationId,
    projectId,
    deploymentId,
    runId,
    attempt,
    failures,
    executorId,
    timeoutSeconds,
    claimedAtMs,
    unconfirmed,
  };
}

/** What a status says that something has to be done about. */
export interface Findings {
  /** Sent long ago, and the executor does not know of it. */
  resend: HeldClaim[];
  /** Given back, or lost. */
  givenBack: { claim: HeldClaim; outcome: GivenBack }[];
  /** The executor says it has ended; the log does not know yet. */
  ended: HeldClaim[];
  /** What the executor may forget. */
  recorded: { runId: string; attempt: number }[];
  /** Held there though it is over: someone else ended it, and the executor was not told. */
  stray: ExecutorStatusData['held'];
}

const RESEND_AFTER_MS = 2_000;

/** Which attempts are out, by our own count: claimed and not yet ended in the log. A status only reconciles. */
export class Claims {
  private readonly byRun = new Map<string, HeldClaim>();
  private readonly byExecutor = new Map<string, Set<HeldClaim>>();
  /** What executors held without a claim when they were last heard of. */
  private readonly unclaimed = new Map<string, Set<string>>();

  add(claim: HeldClaim): void {
    this.remove(claim.runId);
    this.byRun.set(claim.runId, claim);
    const held = this.byExecutor.get(claim.executorId) ?? new Set();
    this.byExecutor.set(claim.executorId, held.add(claim));
  }

  get(runId: string): HeldClaim | undefined {
    return this.byRun.get(runId);
  }

  /** Removes a run's claim, if it is of this attempt or none is named. */
  remove(runId: string, attempt?: number): HeldClaim | undefined {
    const claim = this.byRun.get(runId);
    if (!claim || (attempt !== undefined && claim.attempt !== attempt)) return undefined;
    this.byRun.delete(runId);
    const held = this.byExecutor.get(claim.executorId);
    held?.delete(claim);
    if (held?.size === 0) this.byExecutor.delete(claim.executorId);
    return claim;
  }

  get size(): number {
    return this.byRun.size;
  }

  /** The executors that have something. */
  holders(): Iterable<string> {
    return this.byExecutor.keys();
  }

  /** Those whose time was over so long ago. */
  overdue(nowMs: number, marginMs: number): HeldClaim[] {
    const isOverdue = ({ claimedAtMs, timeoutSeconds }: HeldClaim) =>
      nowMs - claimedAtMs > timeoutSeconds * 1_000 + marginMs;
    return [...this.byRun.values()].filter(isOverdue);
  }

  /** All that an executor has. */
  of(executorId: string): HeldClaim[] {
    return [...(this.byExecutor.get(executorId) ?? [])];
  }

  /** Whoever is heard in this term takes nothing any more that was said in an earlier one. */
  reconcile(status: ExecutorStatusData, nowMs: number): Findings {
    const findings: Findings = {
      resend: [],
      givenBack: [],
      ended: [],
      recorded: [],
      stray: this.stray(status),
    };
    const known = new Set<string>();
    for (const key of status.held) known.add(nameOf(key));
    for (const { runId, attempt, outcome } of status.done) {
      known.add(nameOf({ runId, attempt }));
      const claim = this.claimOf(status.executorId, runId, attempt);
      if (!claim) findings.recorded.push({ runId, attempt });
      else if (outcome === 'ended') findings.ended.push(claim);
      else findings.givenBack.push({ claim, outcome });
    }
    for (const claim of this.byExecutor.get(status.executorId) ?? []) {
      if (known.has(nameOf(claim))) {
        claim.unconfirmed = undefined;
        claim.isAdopted = false;
      } else if (claim.isAdopted) findings.givenBack.push({ claim, outcome: 'returned' });
      else if (claim.unconfirmed && nowMs - claim.claimedAtMs > RESEND_AFTER_MS) findings.resend.push(claim);
    }
    return findings;
  }

  /** Once is no matter: the status may have been under way when the attempt ended. */
  private stray({ executorId, held }: ExecutorStatusData): ExecutorStatusData['held'] {
    const before = this.unclaimed.get(executorId);
    const unclaimed = held.filter(({ runId, attempt }) => !this.claimOf(executorId, runId, attempt));
    if (unclaimed.length === 0) this.unclaimed.delete(executorId);
    else this.unclaimed.set(executorId, new Set(unclaimed.map(nameOf)));
    return unclaimed.filter((key) => before?.has(nameOf(key)));
  }

  private claimOf(executorId: string, runId: string, attempt: number): HeldClaim | undefined {
    const claim = this.byRun.get(runId);
    return claim?.attempt === attempt && claim.executorId === executorId ? claim : undefined;
  }
}

function nameOf({ runId, attempt }: { runId: string; attempt: number }): string {
  return `${runId}/${attempt}`;
}
