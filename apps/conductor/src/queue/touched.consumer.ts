import { type Bus, type Delivery, DONE, type Outcome, oneByOne, type Reading } from '#libs/bus';
import { RunTouched, TOPICS } from '#libs/contracts';
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
      handle: oneByOne((delivery) => this.handle(delivery)),
    });
  }

  async stop(): Promise<void> {
    await this.reading?.stop();
  }

  private handle(delivery: Delivery): Outcome {
    let hint: ReturnType<typeof RunTouched.decode>;
    try {
      hint = RunTouched.decode(delivery.value);
    } catch (cause) {
      return { kind: 'dead', reason: `not a hint: ${(cause as Error).message}` };
    }
    const { orgId: organizationId, data } = hint;
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
