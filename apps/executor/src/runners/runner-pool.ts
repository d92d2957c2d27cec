import { DEFAULTS } from '#libs/domain';
import type { SandboxDriver, SandboxProgram } from '#libs/sandbox';
import { Runner } from './runner.ts';

export interface RunnerPoolOptions {
  driver: SandboxDriver;
  program: SandboxProgram;
  maxRunners: number;
  prewarmed: number;
  /** Told of a runner that ended before it was ready. */
  failedToStart: (reason: string) => void;
}

const RESTART_DELAY_MS = 1_000;

export interface Seat {
  runner: Runner;
  /** Whether the runner served this organization before. */
  isWarm: boolean;
}

interface Waiter {
  organizationId: string;
  isAlone: boolean;
  seat: (seat: Seat) => void;
}

/** The runners of an executor: which organization each serves, which are warm, which must go. */
export class RunnerPool {
  private readonly runners = new Set<Runner>();
  private readonly waiters: Waiter[] = [];
  private readonly housekeeping: NodeJS.Timeout;
  private isClosed = false;

  constructor(private readonly options: RunnerPoolOptions) {
    this.housekeeping = setInterval(() => this.recycle(), 10_000);
    this.housekeeping.unref();
    this.refill();
  }

  /** Free slots by organization, in runners that serve it. */
  warmSlots(): Record<string, number> {
    const warm: Record<string, number> = {};
    for (const { organizationId, freeSlots } of this.runners) {
      if (organizationId !== undefined && freeSlots > 0)
        warm[organizationId] = (warm[organizationId] ?? 0) + freeSlots;
    }
    return warm;
  }

  /** Those that are being started, that wait for a run, and that have one. */
  counts(): { starting: number; ready: number; busy: number } {
    const counts = { starting: 0, ready: 0, busy: 0 };
    for (const { isReady, isDead, load } of this.runners)
      if (!isDead) counts[isReady ? (load > 0 ? 'busy' : 'ready') : 'starting'] += 1;
    return counts;
  }

  get maxRunners(): number {
    return this.options.maxRunners;
  }

  /** A seat for a run; waits where all are taken. */
  take(organizationId: string, isAlone: boolean): Promise<Seat> {
    return new Promise((resolve) => {
      this.waiters.push({ organizationId, isAlone, seat: resolve });
      this.serve();
    });
  }

  /** Stops listening to all runners, and listens again: what they say would have no place. */
  pause(): void {
    for (const runner of this.runners) runner.sandbox.pause();
  }

  resume(): void {
    for (const runner of this.runners) runner.sandbox.resume();
  }

  processIds(): number[] {
    return [...this.runners].map((runner) => runner.sandbox.pid);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearInterval(this.housekeeping);
    for (const runner of this.runners) runner.kill();
    await this.options.driver.close();
  }

  private serve(): void {
    for (let index = 0; index < this.waiters.length; ) {
      const waiter = this.waiters[index];
      const seat = waiter && this.find(waiter);
      if (!waiter || !seat) {
        index += 1;
        continue;
      }
      this.waiters.splice(index, 1);
      waiter.seat(seat);
    }
    if (this.waiters.length > 0) this.makeRoom();
  }

  private find({ organizationId, isAlone }: Waiter): Seat | undefined {
    let own: Runner | undefined;
    let unbound: Runner | undefined;
    for (const runner of this.runners) {
      if (!runner.isReady || runner.freeSlots === 0) continue;
      if (runner.organizationId === organizationId && (!isAlone || runner.load === 0)) {
        // the fullest, so that the others can be given up
        if (!own || runner.load > own.load) own = runner;
      } else if (runner.organizationId === undefined) unbound ??= runner;
    }
    const runner = own ?? unbound;
    if (!runner) return undefined;
    const isWarm = runner.organizationId !== undefined;
    runner.reserve(organizationId, isAlone);
    if (!isWarm) this.refill();
    return { runner, isWarm };
  }

  /** Someone waits: another runner, or the place of one that is idle for another organization. */
  private makeRoom(): void {
    const starting = [...this.runners].filter(
      (runner) => !runner.isReady && !runner.isDead && !runner.isRetiring,
    ).length;
    const lacking = this.runnersNeeded() - starting;
    // those that were ended for somebody who waits already
    let leaving = [...this.runners].filter(
      (runner) => runner.isRetiring && runner.load === 0 && !runner.isDead,
    ).length;
    for (let made = 0; made < lacking; made += 1) {
      if (this.runners.size < this.options.maxRunners) this.launch();
      else if (leaving > 0) leaving -= 1;
      else if (!this.evict()) return;
    }
  }

  private runnersNeeded(): number {
    const together = new Map<string, number>();
    let needed = 0;
    for (const { organizationId, isAlone } of this.waiters) {
      if (isAlone) needed += 1;
      else together.set(organizationId, (together.get(organizationId) ?? 0) + 1);
    }
    for (const runs of together.values()) needed += Math.ceil(runs / DEFAULTS.slotsPerRunner);
    return needed;
  }

  private evict(): boolean {
    let idlest: Runner | undefined;
    for (const runner of this.runners) {
      if (runner.load > 0 || runner.isRetiring || runner.organizationId === undefined) continue;
      if (!idlest || runner.idleSinceMs < idlest.idleSinceMs) idlest = runner;
    }
    idlest?.kill();
    return idlest !== undefined;
  }

  /** Keeps runners ready that no organization has; if need be in the place of one that is idle. */
  private refill(): void {
    let spare = 0;
    for (const { organizationId, isRetiring } of this.runners)
      if (organizationId === undefined || isRetiring) spare += 1;
    for (; spare < this.options.prewarmed && this.runners.size < this.options.maxRunners; spare += 1)
      this.launch();
    if (spare < this.options.prewarmed) this.evict();
  }

  private launch(): void {
    if (this.isClosed) return;
    this.runners.add(new Runner(this.options.driver, this.options.program, (runner) => this.changed(runner)));
  }

  private changed(runner: Runner): void {
    if (this.isClosed) return;
    if (runner.isDead && !runner.isReady) {
      this.options.failedToStart(runner.exitReason);
      // its place stays taken for a moment, so that a broken program is not started in a loop
      setTimeout(() => this.forget(runner), RESTART_DELAY_MS).unref();
    } else if (runner.isDead) {
      this.forget(runner);
    } else if (runner.load === 0 && (runner.isRetiring || runner.startedRuns >= DEFAULTS.runnerRecycleRuns)) {
      runner.kill();
    } else if (runner.startedRuns >= DEFAULTS.runnerRecycleRuns) {
      runner.isRetiring = true;
    }
    this.serve();
  }

  private forget(runner: Runner): void {
    this.runners.delete(runner);
    if (this.isClosed) return;
    this.refill();
    this.serve();
  }

  private recycle(): void {
    const nowMs = performance.now();
    for (const runner of this.runners) {
      const isIdle = runner.organizationId !== undefined && runner.load === 0;
      if (isIdle && nowMs - runner.idleSinceMs > DEFAULTS.runnerRecycleIdleMs) runner.kill();
    }
  }
}
