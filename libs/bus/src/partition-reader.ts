import { setTimeout as sleep } from 'node:timers/promises';
import { type Delivery, MAX_TRIES, type Outcome, type Subscription } from './bus.ts';
import { HOP_SECONDS } from './hop-seconds.ts';

const MAX_BATCH = 500;
const RETRY_MS = 50;

/** What can be read now; where that is nothing, how long until something can, if that is known. */
export interface Readable {
  deliveries: Delivery[];
  waitMs: number | undefined;
}

/** What stands in one partition for one subscription. */
export interface PartitionSource {
  /** Called when there is something to read. */
  wake: () => void;
  read(most: number): Readable;
  /** What stands before an offset has been handled. */
  advance(offset: number): void;
  close(): void;
}

/** Reads one partition for one subscription, in order, each delivery at least once. */
export class PartitionReader {
  private isRunning = false;
  private isStopped = false;
  private tries = 0;
  /** Up to here deliveries come one by one: one of them made its whole batch throw. */
  private carefulBelow = 0;
  private handledBelow = 0;
  private idle: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly subscription: Subscription,
    private readonly source: PartitionSource,
    private readonly bury: (delivery: Delivery, reason: string) => Promise<void>,
  ) {}

  start(): void {
    this.source.wake = () => this.wake();
    this.wake();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.idle;
    this.source.close();
  }

  private wake(): void {
    if (this.isRunning || this.isStopped) return;
    this.isRunning = true;
    this.idle = new Promise((resolve) => {
      setImmediate(() => void this.run().then(resolve));
    });
  }

  private async run(): Promise<void> {
    while (!this.isStopped) {
      const { deliveries, waitMs } = this.source.read(this.handledBelow < this.carefulBelow ? 1 : MAX_BATCH);
      if (deliveries.length === 0) {
        if (waitMs) this.timer = setTimeout(() => this.wake(), waitMs);
        break;
      }
      await this.take(deliveries);
    }
    this.isRunning = false;
  }

  private async take(deliveries: Delivery[]): Promise<void> {
    const { accepts } = this.subscription;
    const wanted = accepts
      ? deliveries.filter((one) => accepts.call(this.subscription, one.key, one.headers))
      : deliveries;
    const outcomes = wanted.length > 0 ? await this.handle(wanted) : [];
    for (const [index, delivery] of wanted.entries()) {
      const outcome = outcomes[index] ?? { kind: 'retry', cause: new Error('the handler gave no outcome') };
      if (outcome.kind === 'retry' && ++this.tries < MAX_TRIES) {
        this.advance(delivery.offset);
        await sleep(RETRY_MS * this.tries);
        return;
      }
      const reason = reasonOf(outcome);
      if (reason !== undefined && !(await this.isBuried(delivery, reason)))
        return this.advance(delivery.offset);
      this.tries = 0;
    }
    const last = deliveries.at(-1);
    if (last) this.advance(last.offset + 1);
  }

  /** What is dead is kept before the partition goes on; false where it could not be until the end. */
  private async isBuried(delivery: Delivery, reason: string): Promise<boolean> {
    for (;;) {
      try {
        await this.bury(delivery, reason);
        return true;
      } catch {
        // the bus is away, or has too much to send
        if (this.isStopped) return false;
        await sleep(RETRY_MS * MAX_TRIES);
      }
    }
  }

  private advance(offset: number): void {
    this.handledBelow = offset;
    this.source.advance(offset);
  }

  private async handle(deliveries: Delivery[]): Promise<Outcome[]> {
    const nowMs = Date.now();
    for (const { topic, sentAtMs } of deliveries)
      HOP_SECONDS.observe(topic, Math.max(0, nowMs - sentAtMs) / 1000);
    try {
      return await this.subscription.handle(deliveries);
    } catch (cause) {
      this.carefulBelow = (deliveries.at(-1)?.offset ?? 0) + 1;
      return deliveries.map(() => ({ kind: 'retry', cause }));
    }
  }
}

/** Why nobody will read it. */
function reasonOf(outcome: Outcome): string | undefined {
  if (outcome.kind === 'dead') return outcome.reason;
  return outcome.kind === 'retry' ? `tried ${MAX_TRIES} times: ${String(outcome.cause)}` : undefined;
}
