import type { ExecutorStatusData } from '#libs/contracts';
import { Room } from './room.ts';

/** How long an organization without a runner waits before another has to make way for it. */
const PATIENCE_MS = 1_000;

/** The executors and which of them a run goes to. */
export class Executors {
  private readonly rooms = new Map<string, Room>();
  /** Since when organizations wait that have no runner. */
  private waiting = new Map<string, number>();
  /** They are given no more, so that their runners come free. */
  private yielding = new Set<string>();

  heard(status: ExecutorStatusData): void {
    this.roomOf(status.executorId).heard(status);
  }

  /** It is not there any more, and what it had neither; false where that was known. */
  forget(executorId: string): boolean {
    return this.rooms.delete(executorId);
  }

  /**
   * Where a run of this organization goes: to a runner that serves it, else to one that is free, on the emptiest
   * executor; where there is neither, it may wait at a runner that serves it.
   */
  choose(organizationId: string, isAlone = false): string | undefined {
    if (this.yielding.has(organizationId)) return undefined;
    const slots = this.best(organizationId, (room) => room.slots(organizationId, isAlone));
    if (slots !== undefined || isAlone) return slots;
    return this.best(organizationId, (room) => room.ahead(organizationId));
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
    for (const room of this.rooms.values()) if (room.hasFreeRunner) return false;
    return true;
  }

  /** The organizations that have runners, no more than there are runners. */
  having(): Set<string> {
    const having = new Set<string>();
    for (const room of this.rooms.values()) for (const id of room.having()) having.add(id);
    return having;
  }

  sent(executorId: string, organizationId: string, isAlone = false): void {
    if (this.waiting.delete(organizationId) && this.waiting.size === 0) this.yielding.clear();
    this.roomOf(executorId).sent(organizationId, isAlone);
  }

  ended(executorId: string, organizationId: string, isAlone = false, tookMs?: number): void {
    this.rooms.get(executorId)?.ended(organizationId, isAlone, tookMs);
  }

  private best(organizationId: string, measure: (room: Room) => number): string | undefined {
    let best: { executorId: string; isWarm: boolean; amount: number } | undefined;
    for (const [executorId, room] of this.rooms) {
      const amount = measure(room);
      if (amount <= 0) continue;
      const isWarm = room.isWarm(organizationId);
      if (!best || (isWarm && !best.isWarm) || (isWarm === best.isWarm && amount > best.amount))
        best = { executorId, isWarm, amount };
    }
    return best?.executorId;
  }

  private roomOf(executorId: string): Room {
    const room = this.rooms.get(executorId) ?? new Room();
    this.rooms.set(executorId, room);
    return room;
  }
}
