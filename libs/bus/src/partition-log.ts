import type { BusMessage, Topic } from '#libs/contracts';
import type { Delivery } from './bus.ts';
import type { PartitionSource, Readable } from './partition-reader.ts';

interface Entry {
  delivery: Delivery;
  /** On the monotonic clock; what stands behind it waits too, as order within a partition is kept. */
  visibleAtMs: number;
}

/** One reader's place in a log. */
class Cursor implements PartitionSource {
  wake = (): void => undefined;

  constructor(
    private readonly log: PartitionLog,
    public offset: number,
  ) {}

  read(most: number): Readable {
    return this.log.read(this.offset, most);
  }

  advance(offset: number): void {
    this.offset = offset;
    this.log.trim();
  }

  close(): void {
    this.log.leave(this);
  }
}

/** Messages of a topic that nobody reads are forgotten beyond this number. */
const MAX_UNREAD_WITHOUT_READERS = 10_000;

/** One partition of an embedded topic: what has not been read by everyone. */
export class PartitionLog {
  private readonly cursors = new Set<Cursor>();
  private readonly groups = new Map<string, Cursor>();
  private entries: Entry[] = [];
  private base = 0;
  private waiters: { offset: number; resolve: () => void }[] = [];
  unreadBytes = 0;

  constructor(
    private readonly topic: Topic,
    private readonly partition: number,
  ) {}

  get end(): number {
    return this.base + this.entries.length;
  }

  append(message: BusMessage, delayMs: number): number {
    const offset = this.end;
    // as on a wire: what happens to the message from now on does not reach a reader
    const headers = { ...message.headers };
    const value = Buffer.from(message.value);
    this.entries.push({
      delivery: {
        topic: this.topic,
        partition: this.partition,
        offset,
        key: message.key,
        headers,
        value,
        sentAtMs: Date.now(),
      },
      visibleAtMs: delayMs > 0 ? performance.now() + delayMs : 0,
    });
    this.unreadBytes += value.length;
    if (this.cursors.size === 0 && this.entries.length > MAX_UNREAD_WITHOUT_READERS)
      this.forget(this.base + 1);
    for (const cursor of this.cursors) cursor.wake();
    return offset;
  }

  /** A cursor behind the last message, for one reader. */
  openAtEnd(): PartitionSource {
    const cursor = new Cursor(this, this.end);
    this.cursors.add(cursor);
    return cursor;
  }

  /** The group's cursor, where its last member left it; a new group begins with the first message that is kept. */
  openForGroup(group: string): PartitionSource {
    const cursor = this.groups.get(group) ?? new Cursor(this, this.base);
    this.groups.set(group, cursor);
    this.cursors.add(cursor);
    return cursor;
  }

  /** A group's cursor stays, so that its next member misses nothing. */
  leave(cursor: Cursor): void {
    cursor.wake = () => undefined;
    if (![...this.groups.values()].includes(cursor)) this.cursors.delete(cursor);
    if (this.cursors.size === 0) this.release(this.end);
    this.trim();
  }

  /** The visible deliveries from an offset on, and how long until the next where there are none. */
  read(offset: number, most: number): Readable {
    const deliveries: Delivery[] = [];
    const nowMs = performance.now();
    for (let index = offset - this.base; deliveries.length < most; index += 1) {
      const entry = this.entries[index];
      if (!entry) return { deliveries, waitMs: undefined };
      if (entry.visibleAtMs > nowMs) return { deliveries, waitMs: entry.visibleAtMs - nowMs };
      deliveries.push(entry.delivery);
    }
    return { deliveries, waitMs: 0 };
  }

  /** Bytes that somebody has yet to read. */
  get backlogBytes(): number {
    return this.cursors.size === 0 ? 0 : this.unreadBytes;
  }

  whenRead(): Promise<void> {
    return this.whenReadPast(this.base);
  }

  whenReadPast(offset: number): Promise<void> {
    if (this.base > offset || offset >= this.end || this.cursors.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.waiters.push({ offset, resolve }));
  }

  trim(): void {
    let slowest = this.end;
    for (const cursor of this.cursors) slowest = Math.min(slowest, cursor.offset);
    if (this.cursors.size > 0 && slowest > this.base) this.forget(slowest);
  }

  private forget(upTo: number): void {
    const gone = this.entries.splice(0, upTo - this.base);
    for (const entry of gone) this.unreadBytes -= entry.delivery.value.length;
    this.base = upTo;
    this.release(upTo);
  }

  /** Tells those who wait for what stands before an offset. */
  private release(upTo: number): void {
    if (this.waiters.length === 0) return;
    const still = this.waiters.filter((waiter) => waiter.offset >= upTo);
    const woken = this.waiters.filter((waiter) => waiter.offset < upTo);
    this.waiters = still;
    for (const waiter of woken) waiter.resolve();
  }
}
