import type { Bus } from '#libs/bus';
import { type BusMessage, type RunSpan, RunSpans } from '#libs/contracts';
import { DEFAULTS } from '#libs/domain';
import { atMost } from '#libs/kernel';

/** An attempt whose spans are told. */
export interface SpanSender {
  readonly organizationId: string;
  readonly runId: string;
  readonly attempt: number;
  readonly runToken: string;
  readonly queueMs: number;
  readonly placementMs: number;
}

interface Book {
  parts: number;
  spans: number;
  bytes: number;
  dropped: number;
  waiting: RunSpan[];
}

const GATHER_MS = 250;
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** What a message is beside its spans. */
const AROUND_BYTES = 700;
const END_MS = 1_000;

/**
 * Sends spans of many runs together, one send at a time. Nobody waits for it, and what it cannot send is left out: while the
 * bus takes nothing, only so much gathers, and of one attempt only so much is kept.
 */
export class SpanOutbox {
  private readonly books = new WeakMap<SpanSender, Book>();
  private pending = new Set<SpanSender>();
  private waitingBytes = 0;
  private timer: NodeJS.Timeout | undefined;
  private sending: Promise<void> | undefined;
  /** For the books. */
  sentSpans = 0;
  droppedSpans = 0;

  constructor(
    private readonly bus: Bus,
    private readonly executorId: string,
    private readonly maxWaitingBytes = MAX_WAITING_BYTES,
  ) {}

  /** False where it is left out. */
  add(sender: SpanSender, span: RunSpan): boolean {
    const book = this.bookOf(sender);
    // the root says how the attempt ended: it has a place beyond the bounds
    const isRoot = span.kind === 'attempt';
    if (!isRoot && book.spans >= DEFAULTS.attemptSpans) return this.drop(book);
    const bytes = Buffer.byteLength(JSON.stringify(span));
    if (!isRoot && book.bytes + bytes > DEFAULTS.attemptSpanBytes) return this.drop(book);
    const waitingBytes = this.waitingBytes + bytes + (this.pending.has(sender) ? 0 : AROUND_BYTES);
    if (waitingBytes > (isRoot ? 2 : 1) * this.maxWaitingBytes) return this.drop(book);
    book.spans += 1;
    book.bytes += bytes;
    book.waiting.push(span);
    this.waitingBytes = waitingBytes;
    this.pending.add(sender);
    if (!this.sending) this.timer ??= setTimeout(() => this.send(), GATHER_MS).unref();
    return true;
  }

  /** Sends what is there; a bus that does not take it is not waited for. */
  async end(): Promise<void> {
    await atMost(END_MS, Promise.resolve(this.sending));
    this.send();
    await atMost(END_MS, Promise.resolve(this.sending));
  }

  private drop(book: Book): false {
    book.dropped += 1;
    this.droppedSpans += 1;
    return false;
  }

  private send(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.sending || this.pending.size === 0) return;
    const senders = [...this.pending];
    this.pending = new Set();
    this.waitingBytes = 0;
    this.sending = this.publish(senders).finally(() => {
      this.sending = undefined;
      if (this.pending.size > 0) this.timer ??= setTimeout(() => this.send(), GATHER_MS).unref();
    });
  }

  private async publish(senders: readonly SpanSender[]): Promise<void> {
    const books = senders.map((sender) => this.bookOf(sender));
    const counts = books.map(({ waiting }) => waiting.length);
    const messages = senders.map((sender) => this.messageOf(sender));
    try {
      await this.bus.publish(messages);
      for (const count of counts) this.sentSpans += count;
    } catch {
      // a span may be lost; that it was is said with the next
      for (const [index, count] of counts.entries()) {
        const book = books[index];
        if (book) book.dropped += count;
        this.droppedSpans += count;
      }
    }
  }

  private messageOf(sender: SpanSender): BusMessage {
    const { organizationId, ...attempt } = sender;
    const book = this.bookOf(sender);
    const { dropped, waiting: spans } = book;
    const part = book.parts;
    book.parts += 1;
    book.waiting = [];
    return RunSpans.encode(organizationId, {
      ...attempt,
      executorId: this.executorId,
      part,
      dropped,
      spans,
    });
  }

  private bookOf(sender: SpanSender): Book {
    let book = this.books.get(sender);
    if (!book) {
      book = { parts: 0, spans: 0, bytes: 0, dropped: 0, waiting: [] };
      this.books.set(sender, book);
    }
    return book;
  }
}
