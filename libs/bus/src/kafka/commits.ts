import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer } from 'kafkajs';

const PAUSE_MS = 100;

/** What a group has handled and the broker has not been told. */
export class Commits {
  private readonly handled = new Map<number, number>();
  private isSending = false;
  private isHurried = false;

  /** `topic`: as the broker knows it. */
  constructor(private readonly topic: string) {}

  add(partition: number, offset: number): void {
    this.handled.set(partition, offset);
  }

  /** The partition is another's to commit. */
  forget(partition: number): void {
    this.handled.delete(partition);
  }

  /** The reader ends: from now on nothing waits for what is under way. */
  hurry(): void {
    this.isHurried = true;
  }

  /** One commit at a time; what is handled meanwhile goes with the next. One that fails is made good by the next. */
  async send(consumer: Consumer): Promise<void> {
    if (this.isSending && !this.isHurried) return;
    this.isSending = true;
    const { topic } = this;
    while (this.handled.size > 0) {
      const offsets = [...this.handled].map(([partition, offset]) => ({
        topic,
        partition,
        offset: String(offset),
      }));
      this.handled.clear();
      await consumer.commitOffsets(offsets).catch(() => undefined);
      // on the connection of the fetching, where each would hold up the next fetch
      if (!this.isHurried) await sleep(PAUSE_MS);
    }
    this.isSending = false;
  }
}
