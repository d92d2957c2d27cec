import { RunnerPool, type Seat } from '../../../apps/executor/src/runners/runner-pool.ts';
import { NO_PROGRAM, ScriptedDriver } from './scripted-driver.ts';

/** A pool of runners that the test plays. */
export class ScriptedPool {
  readonly driver = new ScriptedDriver();
  /** Why runners did not start. */
  readonly failures: string[] = [];
  readonly pool: RunnerPool;

  constructor(maxRunners: number, prewarmed: number) {
    this.pool = new RunnerPool({
      driver: this.driver,
      program: NO_PROGRAM,
      maxRunners,
      prewarmed,
      failedToStart: (reason) => this.failures.push(reason),
    });
  }

  /** All processes up to now have started. */
  ready(): void {
    for (const sandbox of this.driver.sandboxes) sandbox.ready();
  }

  /** Which processes were killed, in the order of their start. */
  killed(): number[] {
    return this.driver.sandboxes.filter((sandbox) => sandbox.isKilled).map((sandbox) => sandbox.pid);
  }

  /** A seat, or undefined where one has to wait. */
  async take(organizationId: string, isAlone = false): Promise<Seat | undefined> {
    const later = Promise.resolve().then(() => Promise.resolve(undefined));
    return Promise.race([this.pool.take(organizationId, isAlone), later]);
  }
}

/** The process of a seat, as a number in the order of their start. */
export function placeOf(seat: Seat | undefined): number | undefined {
  return seat?.runner.sandbox.pid;
}
