import type { ExecutorStatusData } from '#libs/contracts';
import { DEFAULTS } from '#libs/domain';

/** Runs of an organization that we have sent and that have not ended. */
interface Load {
  /** They share runners. */
  shared: number;
  /** Each has a runner of its own. */
  alone: number;
  /** Sent beyond the slots: each takes the next slot that comes free. */
  ahead: number;
  /** The last that ended was soon over, and so the next slot is likely to be free soon. */
  isBrisk: boolean;
}

/** A run sent ahead waits where it is, even if there is room elsewhere meanwhile: it must not have to wait long. */
const BRISK_MS = 1_000;
const NOTHING: Load = { shared: 0, alone: 0, ahead: 0, isBrisk: false };

/** The room on one executor, by its own word and our own count. */
export class Room {
  private readonly load = new Map<string, Load>();
  /** How many runners all that needs. */
  private needed = 0;
  /** Undefined of one that the table tells of and that has not been heard. */
  private status: ExecutorStatusData | undefined;

  heard(status: ExecutorStatusData): void {
    this.status = status;
    this.needed = this.runnersNeeded();
  }

  /** The organizations that have runners, those that have them longest first. */
  having(): Iterable<string> {
    return this.load.keys();
  }

  isWarm(organizationId: string): boolean {
    return this.load.has(organizationId) || Object.hasOwn(this.status?.warm ?? {}, organizationId);
  }

  /** Whether any organization could have a runner. */
  get hasFreeRunner(): boolean {
    return this.freeRunners > 0;
  }

  /** The slots in runners that nobody needs and, for a run that may share, those left in what its organization has. */
  slots(organizationId: string, isAlone: boolean): number {
    if (!this.isOpen) return 0;
    const free = this.freeRunners * this.slotsPerRunner;
    if (isAlone) return free;
    const own = this.load.get(organizationId)?.shared ?? 0;
    return Math.ceil(own / this.slotsPerRunner) * this.slotsPerRunner - own + free;
  }

  /** How many more runs may wait at its runners for slots that are taken: one at each. */
  ahead(organizationId: string): number {
    const { shared, ahead, isBrisk } = this.load.get(organizationId) ?? NOTHING;
    return this.isOpen && isBrisk ? Math.ceil(shared / this.slotsPerRunner) - ahead : 0;
  }

  sent(organizationId: string, isAlone: boolean): void {
    const load = this.load.get(organizationId) ?? { ...NOTHING };
    if (isAlone) load.alone += 1;
    else if (this.slots(organizationId, false) <= 0 && this.ahead(organizationId) > 0) load.ahead += 1;
    else load.shared += 1;
    this.load.set(organizationId, load);
    this.needed = this.runnersNeeded();
  }

  /** A slot is free; how long it was taken is not known of one that was taken for nothing. */
  ended(organizationId: string, isAlone: boolean, tookMs?: number): void {
    const load = this.load.get(organizationId);
    if (!load) return;
    if (isAlone) load.alone = Math.max(0, load.alone - 1);
    else if (load.ahead > 0) load.ahead -= 1;
    else load.shared = Math.max(0, load.shared - 1);
    if (tookMs !== undefined) load.isBrisk = tookMs < BRISK_MS;
    if (load.shared + load.alone === 0) this.load.delete(organizationId);
    this.needed = this.runnersNeeded();
  }

  private get isOpen(): boolean {
    return this.status !== undefined && !this.status.isDraining && !this.status.isParked;
  }

  private get freeRunners(): number {
    return this.isOpen ? Math.max(0, (this.status?.maxRunners ?? 0) - this.needed) : 0;
  }

  private get slotsPerRunner(): number {
    return this.status?.slotsPerRunner ?? DEFAULTS.slotsPerRunner;
  }

  private runnersNeeded(): number {
    let needed = 0;
    for (const { shared, alone } of this.load.values())
      needed += Math.ceil(shared / this.slotsPerRunner) + alone;
    return needed;
  }
}
