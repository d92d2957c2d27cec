import type { Bus } from '#libs/bus';
import { ExecutorStatus } from '#libs/contracts';
import { DEFAULTS } from '#libs/domain';
import type { EventOutbox } from '../events/event-outbox.ts';
import type { RunnerPool } from '../runners/runner-pool.ts';
import type { Attempts } from './attempts.ts';

const EACH_MS = 1_000;

/** Says each second, and at once when asked, how it stands with this executor. */
export class StatusPublisher {
  private timer: NodeJS.Timeout | undefined;
  private isSoon = false;
  isDraining = false;

  constructor(
    private readonly bus: Bus,
    private readonly executorId: string,
    private readonly pool: RunnerPool,
    private readonly attempts: Attempts,
    private readonly outbox: EventOutbox,
  ) {}

  start(): void {
    this.timer = setInterval(() => void this.publish(), EACH_MS);
    void this.publish();
  }

  soon(): void {
    if (this.isSoon) return;
    this.isSoon = true;
    setImmediate(() => {
      this.isSoon = false;
      void this.publish();
    });
  }

  stop(): void {
    clearInterval(this.timer);
  }

  async publish(): Promise<void> {
    const status = ExecutorStatus.encode(null, {
      executorId: this.executorId,
      maxRunners: this.pool.maxRunners,
      slotsPerRunner: DEFAULTS.slotsPerRunner,
      warm: this.pool.warmSlots(),
      held: this.attempts.held(),
      done: this.attempts.done(),
      eventOffsets: { ...this.outbox.offsets },
      isDraining: this.isDraining,
    });
    // a status that is lost is followed by the next
    await this.bus.publish([status]).catch(() => undefined);
  }
}
