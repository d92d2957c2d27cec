import type { Bus } from '#libs/bus';
import { type BusMessage, ExecutorStatus } from '#libs/contracts';
import { DEFAULTS } from '#libs/domain';
import type { EventOutbox } from '../events/event-outbox.ts';
import type { RunnerPool } from '../runners/runner-pool.ts';
import type { Attempts } from './attempts.ts';
import type { ConductorRoad } from './conductor-road.ts';
import type { Presence } from './presence.ts';

const EACH_MS = 1_000;

export interface StatusPublisherOptions {
  bus: Bus;
  executorId: string;
  pool: RunnerPool;
  attempts: Attempts;
  outbox: EventOutbox;
  presence: Presence;
  road: ConductorRoad;
}

/** Says each second, and at once when asked, how it stands with this executor. */
export class StatusPublisher {
  private timer: NodeJS.Timeout | undefined;
  private isSoon = false;
  private sending: Promise<void> | undefined;
  /** Something changed since the status that is under way. */
  private isStale = false;
  isDraining = false;

  constructor(private readonly options: StatusPublisherOptions) {}

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

  /** A status that is lost is followed by the next; while one is under way there is none beside it. */
  async publish(): Promise<void> {
    if (this.sending) {
      this.isStale = true;
      return this.sending;
    }
    this.sending = this.send();
    await this.sending;
  }

  private async send(): Promise<void> {
    const { bus, presence } = this.options;
    do {
      this.isStale = false;
      await bus.publish([this.status()]).then(
        () => presence.heard(),
        () => undefined,
      );
    } while (this.isStale);
    this.sending = undefined;
  }

  private status(): BusMessage {
    const { executorId, pool, attempts, outbox, presence, road } = this.options;
    const status = ExecutorStatus.encode(null, {
      executorId,
      maxRunners: pool.maxRunners,
      slotsPerRunner: DEFAULTS.slotsPerRunner,
      warm: pool.warmSlots(),
      held: attempts.held(),
      done: attempts.done(),
      eventOffsets: { ...outbox.offsets },
      isDraining: this.isDraining,
      isParked: presence.isParked,
      pulse: presence.speak(),
      term: road.term,
    });
    return road.say(status);
  }
}
