import { DEFAULTS } from '#libs/domain';
import type { Sandbox, SandboxDriver, SandboxProgram } from '#libs/sandbox';
import { FromRunner, type StartFrame, type ToRunner } from '../runner-protocol.ts';

/** One run in a runner, as the runner tells of it. */
export interface RunInRunner {
  frame(frame: Exclude<FromRunner, { kind: 'ready' }>): void;
  /** The runner is gone, and the run with it. */
  lost(because: LostBecause): void;
}

export type LostBecause = 'crashed' | 'killed_for_this_run' | 'killed_for_neighbour';

export interface StartRun {
  planHash: string;
  plan: unknown;
  frame: Omit<StartFrame, 'kind' | 'run' | 'planHash' | 'plan'>;
}

/** A runner process. It serves one organization from its first run on, and is never handed to another. */
export class Runner {
  readonly sandbox: Sandbox;
  organizationId: string | undefined;
  /** Set while a run has it for itself. */
  isTakenAlone = false;
  isReady = false;
  isDead = false;
  exitReason = '';
  /** Takes no further runs; ends with its last. */
  isRetiring = false;
  startedRuns = 0;
  idleSinceMs = performance.now();
  private readonly runs = new Map<number, RunInRunner>();
  private readonly knownPlans = new Set<string>();
  private lastRun = 0;
  private reserved = 0;
  private killedFor: number | undefined;

  constructor(
    driver: SandboxDriver,
    program: SandboxProgram,
    private readonly changed: (runner: Runner) => void,
  ) {
    this.sandbox = driver.start(program, {
      frame: (frame) => this.receive(frame),
      exit: (reason) => this.exited(reason),
    });
  }

  /** Runs within, and seats that are given but not taken yet. */
  get load(): number {
    return this.runs.size + this.reserved;
  }

  get freeSlots(): number {
    if (this.isDead || this.isRetiring || this.isTakenAlone) return 0;
    return DEFAULTS.slotsPerRunner - this.load;
  }

  reserve(organizationId: string, isAlone: boolean): void {
    this.organizationId = organizationId;
    this.isTakenAlone = isAlone;
    this.reserved += 1;
  }

  /** Gives a reserved seat back. */
  leave(): void {
    this.reserved -= 1;
    this.vacated();
  }

  /** Takes a reserved seat. */
  start({ planHash, plan, frame }: StartRun, run: RunInRunner): number {
    this.reserved -= 1;
    const number = ++this.lastRun;
    this.runs.set(number, run);
    this.startedRuns += 1;
    const isKnown = this.knownPlans.has(planHash);
    this.knownPlans.add(planHash);
    this.send({ kind: 'start', run: number, planHash, ...(!isKnown && { plan }), ...frame });
    return number;
  }

  send(frame: ToRunner): void {
    if (!this.isDead) this.sandbox.send(frame);
  }

  release(run: number): void {
    if (this.runs.delete(run)) this.vacated();
  }

  /** Ends a run that does not stop; its neighbours have to go on elsewhere. */
  killFor(run: number): void {
    if (!this.runs.has(run)) return;
    this.killedFor ??= run;
    this.kill();
  }

  kill(): void {
    this.isRetiring = true;
    this.sandbox.kill();
  }

  private whyLost(run: number): LostBecause {
    if (this.killedFor === undefined) return 'crashed';
    return this.killedFor === run ? 'killed_for_this_run' : 'killed_for_neighbour';
  }

  private vacated(): void {
    this.isTakenAlone = false;
    this.idleSinceMs = performance.now();
    this.changed(this);
  }

  private receive(given: unknown): void {
    const frame = FromRunner.safeParse(given);
    if (!frame.success) {
      // it is our program: what does not speak the protocol is not it any more
      this.kill();
      return;
    }
    if (frame.data.kind === 'ready') {
      this.isReady = true;
      this.changed(this);
      return;
    }
    this.runs.get(frame.data.run)?.frame(frame.data);
  }

  private exited(reason: string): void {
    this.isDead = true;
    this.exitReason = reason;
    const runs = [...this.runs];
    this.runs.clear();
    for (const [number, run] of runs) run.lost(this.whyLost(number));
    this.changed(this);
  }
}
