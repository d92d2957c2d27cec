import type { ExecutorStatusData } from '#libs/contracts';

interface Known {
  status: ExecutorStatusData;
  /** Runs by organization that we have sent and that have not ended. */
  load: Map<string, number>;
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
    const known = this.known.get(status.executorId);
    if (known) known.status = status;
    else this.known.set(status.executorId, { status, load: new Map() });
  }

  /** Where a run of this organization goes: to a runner that serves it, else to one that is free, on the emptiest executor. */
  choose(organizationId: string): string | undefined {
    if (this.yielding.has(organizationId)) return undefined;
    let best: { executorId: string; isWarm: boolean; room: number } | undefined;
    for (const [executorId, { status, load }] of this.known) {
      if (status.isDraining) continue;
      const room = roomFor(organizationId, status, load);
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
    const having = new Set([...this.known.values()].flatMap(({ load }) => [...load.keys()]));
    const without = [...organizationIds].filter((id) => !having.has(id));
    this.waiting = new Map(without.map((id) => [id, this.waiting.get(id) ?? nowMs]));
    const longestMs = nowMs - Math.min(nowMs, ...this.waiting.values());
    this.yielding = new Set([...having].slice(0, Math.floor(longestMs / PATIENCE_MS)));
  }

  sent(executorId: string, organizationId: string): void {
    const load = this.known.get(executorId)?.load;
    load?.set(organizationId, (load.get(organizationId) ?? 0) + 1);
  }

  ended(executorId: string, organizationId: string): void {
    const load = this.known.get(executorId)?.load;
    const left = (load?.get(organizationId) ?? 0) - 1;
    if (left > 0) load?.set(organizationId, left);
    else load?.delete(organizationId);
  }
}

/** The slots left in the runners that an organization's runs need already, and in those that nobody needs. */
function roomFor(
  organizationId: string,
  { maxRunners, slotsPerRunner }: ExecutorStatusData,
  load: Known['load'],
): number {
  let needed = 0;
  for (const runs of load.values()) needed += Math.ceil(runs / slotsPerRunner);
  const own = load.get(organizationId) ?? 0;
  const started = Math.ceil(own / slotsPerRunner) * slotsPerRunner - own;
  return started + Math.max(0, maxRunners - needed) * slotsPerRunner;
}
