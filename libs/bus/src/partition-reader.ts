import { setTimeout as sleep } from 'node:timers/promises';
import { type Delivery, MAX_TRIES, type Outcome, type Subscription } from './bus.ts';
import type { Cursor, PartitionLog } from './partition-log.ts';

const MAX_BATCH = 500;
const RETRY_MS = 50;

/** Reads one partition for one subscription, in order, each delivery at least once. */
export class PartitionReader {
  private readonly cursor: Cursor;
  private isRunning = false;
  private isStopped = false;
  private tries = 0;
  /** Up to here deliveries come one by one: one of them made its whole batch throw. */
  private carefulBelow = 0;
  private idle: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly subscription: Subscription,
    private readonly log: PartitionLog,
    private readonly bury: (delivery: Delivery, reason: string) => Promise<void>,
  ) {
    const wake = () => this.wake();
    this.cursor =
      subscription.group === 'shared' ? log.openForGroup(subscription.reader, wake) : log.openAtEnd(wake);
  }

  start(): void {
    this.wake();
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.idle;
    this.log.leave(this.cursor);
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
      const most = this.cursor.offset < this.carefulBelow ? 1 : MAX_BATCH;
      const { deliveries, waitMs } = this.log.read(this.cursor, most);
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
        this.log.advance(this.cursor, delivery.offset);
        await sleep(RETRY_MS * this.tries);
        return;
      }
      if (outcome.kind === 'dead') await this.bury(delivery, outcome.reason);
      if (outcome.kind === 'retry')
        await this.bury(delivery, `tried ${MAX_TRIES} times: ${String(outcome.cause)}`);
      this.tries = 0;
    }
    const last = deliveries.at(-1);
    if (last) this.log.advance(this.cursor, last.offset + 1);
  }

  private async handle(deliveries: Delivery[]): Promise<Outcome[]> {
    try {
      return await this.subscription.handle(deliveries);
    } catch (cause) {
      this.carefulBelow = (deliveries.at(-1)?.offset ?? 0) + 1;
      return deliveries.map(() => ({ kind: 'retry', cause }));
    }
  }
}
