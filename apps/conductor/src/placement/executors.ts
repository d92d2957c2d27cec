import type { ExecutorStatusData } from '#libs/contracts';
import { DEFAULTS } from '#libs/domain';

/** Runs of an organization that we have sent and that have not ended. */
interface Load {
  /** They share runners. */
  shared: number;
  /** Each has a runner of its own. */
  alone: number;
}

interface Known {
  /** Undefined of one that the table tells of and that has not been heard. */
  status: ExecutorStatusData | undefined;
  load: Map<string, Load>;
  /** How many runners all that needs. */
  needed: number;
}

/** How long an organization without a runner waits before another has to make way for it. */
const PATIENCE_MS = 1_000;

/** The executors and how much room each has, by their own word and our own count. */
export class Executors {
  private readonly known = new Map<string, Known>();
  /** Since when organizations wait that have no runner. */
  private waiting = new Map<string, number>();
  /** They are given no more, so that their runners come free. */
  private yielding = new Set<string>();

  heard(status: ExecutorStatusData): void {
    const load = this.known.get(status.executorId)?.load ?? new Map<string, Load>();
    this.known.set(status.executorId, { status, load, needed: runnersNeeded(status, load) });
  }

  /** It is lost, and what it had with it. */
  forget(executorId: string): boolean {
    return this.known.delete(executorId);
  }

  /** Where a run of this organization goes: to a runner that serves it, else to one that is free, on the emptiest executor. */
  choose(organizationId: string, isAlone = false): string | undefined {
    if (this.yielding.has(organizationId)) return undefined;
    let best: { executorId: string; isWarm: boolean; room: number } | undefined;
    for (const [executorId, known] of this.known) {
      const { status, load } = known;
      if (!status || status.isDraining || status.isParked) continue;
      const room = roomFor(organizationId, isAlone, status, known);
      if (room <= 0) continue;
      const isWarm = load.has(organizationId) || Object.hasOwn(status.warm, organizationId);
      if (!best || (isWarm && !best.isWarm) || (isWarm === best.isWarm && room > best.room))
        best = { executorId, isWarm, room };
    }
    return best?.executorId;
  }

  /**
   * Who could not be placed. A runner serves one organization, and those who keep theirs busy would keep them for good:
   * with each second that one without a runner waits, one organization more makes way, those that have theirs longest first.
   */
  refused(organizationIds: Iterable<string>, nowMs: number): void {
    const having = this.having();
    const without = [...organizationIds].filter((id) => !having.has(id));
    this.waiting = new Map(without.map((id) => [id, this.waiting.get(id) ?? nowMs]));
    const longestMs = nowMs - Math.min(nowMs, ...this.waiting.values());
    this.yielding = new Set([...having].slice(0, Math.floor(longestMs / PATIENCE_MS)));
  }

  /** No runner is free: there is room only for runs of those who have one. */
  isFull(): boolean {
    for (const { status, needed } of this.known.values())
      if (status && !status.isDraining && !status.isParked && needed < status.maxRunners) return false;
    return true;
  }

  /** The organizations that have runners, no more than there are runners. */
  having(): Set<string> {
    const having = new Set<string>();
    for (const { load } of this.known.values()) for (const id of load.keys()) having.add(id);
    return having;
  }

  sent(executorId: string, organizationId: string, isAlone = false): void {
    if (this.waiting.delete(organizationId) && this.waiting.size === 0) this.yielding.clear();
    this.count(executorId, organizationId, isAlone, 1);
  }

  ended(executorId: string, organizationId: string, isAlone = false): void {
    this.count(executorId, organizationId, isAlone, -1);
  }

  private count(executorId: string, organizationId: string, isAlone: boolean, by: 1 | -1): void {
    const known = this.known.get(executorId) ?? {
      status: undefined,
      load: new Map<string, Load>(),
      needed: 0,
    };
    if (by > 0) this.known.set(executorId, known);
    const { shared, alone } = known.load.get(organizationId) ?? { shared: 0, alone: 0 };
    const left = {
      shared: Math.max(0, isAlone ? shared : shared + by),
      alone: Math.max(0, isAlone ? alone + by : alone),
    };
    if (left.shared + left.alone > 0) known.load.set(organizationId, left);
    else known.load.delete(organizationId);
    known.needed = runnersNeeded(known.status, known.load);
  }
}

function runnersNeeded(status: Known['status'], load: Known['load']): number {
  const slotsPerRunner = status?.slotsPerRunner ?? DEFAULTS.slotsPerRunner;
  let needed = 0;
  for (const { shared, alone } of load.values()) needed += Math.ceil(shared / slotsPerRunner) + alone;
  return needed;
}

/** The slots in runners that nobody needs and, for a run that may share, those left in what its organization has. */
function roomFor(
  organizationId: string,
  isAlone: boolean,
  { maxRunners, slotsPerRunner }: ExecutorStatusData,
  { load, needed }: Known,
): number {
  const free = Math.max(0, maxRunners - needed) * slotsPerRunner;
  if (isAlone) return free;
  const own = load.get(organizationId)?.shared ?? 0;
  return Math.ceil(own / slotsPerRunner) * slotsPerRunner - own + free;
}
