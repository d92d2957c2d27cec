import { type Bus, DONE, eachMessage, type Outcome, type Reading } from '#libs/bus';
import { type Envelope, RunTouched, type RunTouchedData, TOPICS } from '#libs/contracts';
import { isUuid } from '#libs/kernel';
import type { QueuedRun } from './run-queue.ts';

export interface Touched {
  requested(run: QueuedRun): void;
  cancelled(run: QueuedRun): void;
  /** Hints may have been missed. */
  gap(): void;
}

/** Hears from gateways of runs that want attention. */
export class TouchedConsumer {
  private reading: Reading | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly touched: Touched,
  ) {}

  async start(): Promise<void> {
    this.reading = await this.bus.subscribe({
      reader: 'conductor',
      topic: TOPICS.runTouched,
      group: 'alone',
      joined: () => this.touched.gap(),
      handle: eachMessage(RunTouched, (hint) => this.handle(hint)),
    });
  }

  async stop(): Promise<void> {
    await this.reading?.stop();
  }

  private handle({ orgId: organizationId, data }: Envelope<RunTouchedData>): Outcome {
    if (organizationId === null) return { kind: 'dead', reason: 'a hint without an organization' };
    const { runId, projectId, deploymentId, what } = data;
    // a statement of many runs must not fail for one that cannot be
    if (![organizationId, runId, projectId, deploymentId].every(isUuid))
      return { kind: 'dead', reason: 'a hint with what is no id' };
    this.touched[what === 'cancel' ? 'cancelled' : 'requested']({
      organizationId,
      projectId,
      deploymentId,
      runId,
    });
    return DONE;
  }
}
