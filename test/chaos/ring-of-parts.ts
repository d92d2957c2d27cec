import type { EmbeddedBusOptions } from '#libs/bus';
import { type Assignment, type ReportedEvent, RunEvents } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { createLogger } from '#libs/telemetry';
import { isRead, type Runnable, type RunRef, TestConductor, until } from '#libs/testing';
import type { Conductor } from '../../apps/conductor/src/conductor.ts';
import type { Leadership } from '../../apps/conductor/src/leader/leadership.ts';
import type { Term } from '../../apps/conductor/src/term.ts';
import { Recorder } from '../../apps/recorder/src/recorder.ts';

type Fault = NonNullable<EmbeddedBusOptions['fault']>;

const WELL: ReturnType<Fault> = { copies: 1, delayMs: 0 };
/** How often a part may hand on to the next before all is still. */
const TURNS = 20;

/** A conductor and a recorder on one bus and one database. Executors are played, and time passes when the script says so. */
export class RingOfParts {
  fault: Fault = () => WELL;
  /** Runs of which an event cannot be stored. */
  readonly poisoned = new Set<string>();
  /** Only somebody who leads no more would send anything there. */
  readonly sentToByWhoLedBefore = newId();

  private constructor(
    readonly test: TestConductor,
    readonly recorder: Recorder,
    readonly runnable: Runnable,
  ) {}

  static async start(): Promise<RingOfParts> {
    let made: RingOfParts | undefined;
    const fault: Fault = (message) => made?.fault(message) ?? WELL;
    const test = await TestConductor.create(
      { fault, partitions: 16 },
      { begin: 'stand by', executorsOutlive: true },
    );
    const { bus, blobs, cellKey } = test.conductor['options'];
    const recorder = new Recorder({
      bus,
      blobs,
      cellKey,
      pool: test.runs.pool('hg_recorder'),
      log: createLogger('test', 'silent'),
    });
    await recorder.start(true);
    // its consumers without its timers
    for (const consumer of test.term['consumers']) await consumer.start();
    made = new RingOfParts(test, recorder, await test.runnable());
    return made;
  }

  get term(): Term {
    return this.test.term;
  }

  get leadership(): Leadership {
    return this.test.conductor['leadership'];
  }

  /** The assignment of a run that has been sent to this executor. */
  async assigned(executorId: string): Promise<Assignment> {
    const { runId } = await this.test.assigned(this.runnable, executorId);
    return this.sent(runId);
  }

  sent(runId: string, attempt = 1): Promise<Assignment> {
    return until('it is sent', () =>
      this.test.assignments().find((one) => one.runId === runId && one.attempt === attempt),
    );
  }

  /** What the executor of an attempt reports of it. */
  async report(executorId: string, assignment: Assignment, events: readonly ReportedEvent[]): Promise<void> {
    const { organizationId, runId, attempt, runToken } = assignment;
    const data = { runId, attempt, executorId, runToken, events: [...events] };
    // all in one place, so that what is said without a pause is one batch
    await this.test.bus.publish([{ ...RunEvents.encode(organizationId, data), partition: 0 }]);
  }

  /** Resolves when whatever was said has been heard, and what follows from it done. */
  async still(): Promise<void> {
    let turns = 0;
    await until('all is still', async () => {
      while (this.isStill() && turns < TURNS) {
        await new Promise(setImmediate);
        turns += 1;
      }
      if (turns === TURNS && this.isStill()) return true;
      turns = 0;
      return false;
    });
  }

  /** Another leads from now on, and the one before does not know it yet. */
  async standby(): Promise<Conductor> {
    const other = this.test.another();
    await other.start();
    return other;
  }

  rows<Row extends object>(statement: string, values: unknown[] = []): Promise<Row[]> {
    return this.test.runs.database.rows<Row>(statement, values);
  }

  log(ref: RunRef) {
    return this.test.runs.log(ref);
  }

  async dispose(): Promise<void> {
    await this.recorder.stop();
    await this.test.dispose();
  }

  private isStill(): boolean {
    const placer = this.term['placer'];
    return !placer['isPumping'] && placer['dispatch']['turns'].size === 0 && isRead(this.test.bus);
  }
}
