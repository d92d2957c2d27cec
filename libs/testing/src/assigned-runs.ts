import type { Assignment } from '#libs/contracts';
import { AssignedRun } from '../../../apps/executor/src/commands/assigned-run.ts';
import { PartsOfExecutor } from './executor-parts.ts';
import { until } from './until.ts';

/** Runs that are assigned to an executor whose runners the test plays. */
export class AssignedRuns {
  private readonly runs: AssignedRun[] = [];

  private constructor(readonly parts: PartsOfExecutor) {}

  static async start(): Promise<AssignedRuns> {
    return new AssignedRuns(await PartsOfExecutor.start());
  }

  assign(more: Partial<Assignment> = {}, underwayMs = 0) {
    const { parts } = this;
    const outcomes: string[] = [];
    const assignment = parts.assignment(more);
    const run = new AssignedRun(assignment, parts, (outcome) => outcomes.push(outcome), underwayMs);
    this.runs.push(run);
    return {
      assignment,
      run,
      outcomes,
      begun: run.begin(),
      sandbox: parts.driver.sandbox(0),
      ended: () => until('its end', () => outcomes[0]),
    };
  }

  /** Its runner has been told to start it. */
  async begin(more: Partial<Assignment> = {}, underwayMs = 0) {
    const assigned = this.assign(more, underwayMs);
    await assigned.begun;
    return assigned;
  }

  /** What was told of them, with the code of an error. */
  ends() {
    return this.parts.bus.events().map(({ type, data }) => [type, JSON.parse(data).error?.code]);
  }

  /** Whether nobody sits in the runner of an organization any more. */
  async isFree(organizationId: string): Promise<boolean> {
    const { runner, isWarm } = await this.parts.pool.take(organizationId, true);
    runner.leave();
    return isWarm;
  }

  async stop(): Promise<void> {
    for (const run of this.runs.splice(0)) run.giveBack();
    await this.parts.stop();
  }
}
