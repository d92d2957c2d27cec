import type { Delivery } from '../bus.ts';
import type { PartitionSource, Readable } from '../partition-reader.ts';

const MAX_BYTES = 4 * 1024 * 1024;

interface Flow {
  /** What stands before an offset has been handled. */
  handled(offset: number): void;
  /** Too much waits here, or no longer. */
  hold(isHeld: boolean): void;
}

/** What was fetched of one partition and has not been handled. */
export class FetchedPartition implements PartitionSource {
  wake = (): void => undefined;
  /** What is fetched next; undefined until something was. */
  next: number | undefined;
  private waiting: Delivery[] = [];
  private bytes = 0;
  private isHeld = false;

  constructor(private readonly flow: Flow) {}

  /** After a rebalance the same may come again. */
  push(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) {
      if (this.next !== undefined && delivery.offset < this.next) continue;
      this.waiting.push(delivery);
      this.bytes += delivery.value.length;
      this.next = delivery.offset + 1;
    }
    if (this.bytes > MAX_BYTES) this.hold(true);
    this.wake();
  }

  read(most: number): Readable {
    const deliveries = this.waiting.slice(0, most);
    return { deliveries, waitMs: deliveries.length > 0 ? 0 : undefined };
  }

  advance(offset: number): void {
    const kept = this.waiting.findIndex((delivery) => delivery.offset >= offset);
    const gone = this.waiting.splice(0, kept < 0 ? this.waiting.length : kept);
    for (const { value } of gone) this.bytes -= value.length;
    if (this.bytes < MAX_BYTES / 2) this.hold(false);
    if (gone.length > 0) this.flow.handled(offset);
  }

  close(): void {
    this.waiting = [];
    this.bytes = 0;
  }

  private hold(isHeld: boolean): void {
    if (this.isHeld === isHeld) return;
    this.isHeld = isHeld;
    this.flow.hold(isHeld);
  }
}
