import type { ExecutorStatusData } from '#libs/contracts';
import { Recent } from '#libs/kernel';

const MAX_RECORDED = 20_000;

export interface AttemptKey {
  organizationId: string;
  runId: string;
  attempt: number;
}

export type DoneOutcome = ExecutorStatusData['done'][number]['outcome'];

/** Which attempts this executor holds and which it is done with. Each is accepted once, however often it is sent. */
export class Attempts {
  private readonly heldNow = new Map<string, AttemptKey>();
  private readonly doneNow = new Map<string, AttemptKey & { outcome: DoneOutcome }>();
  /** Attempts of which the conductor said `recorded`: a late copy of an assignment must still find them known. */
  private readonly recordedLately = new Recent<string, true>(MAX_RECORDED);

  accept(key: AttemptKey): boolean {
    const name = nameOf(key);
    if (this.heldNow.has(name) || this.doneNow.has(name) || this.recordedLately.has(name)) return false;
    this.heldNow.set(name, key);
    return true;
  }

  finish(key: AttemptKey, outcome: DoneOutcome): void {
    const name = nameOf(key);
    if (this.heldNow.delete(name)) this.doneNow.set(name, { ...key, outcome });
  }

  recorded(key: Omit<AttemptKey, 'organizationId'>): void {
    const name = nameOf(key);
    if (this.doneNow.delete(name)) this.recordedLately.set(name, true);
  }

  held(): AttemptKey[] {
    return [...this.heldNow.values()];
  }

  done(): (AttemptKey & { outcome: DoneOutcome })[] {
    return [...this.doneNow.values()];
  }
}

function nameOf({ runId, attempt }: Omit<AttemptKey, 'organizationId'>): string {
  return `${runId}/${attempt}`;
}
