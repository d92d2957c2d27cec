import type { FastifyReply } from 'fastify';
import type { RunProgressData } from '#libs/contracts';
import { DEFAULTS, isTerminalEvent, type RunEventType } from '#libs/domain';
import { EventStream } from '#libs/http';
import type { EventsRead } from './list-run-events.action.ts';
import type { Watcher } from './run-watches.ts';

/** Events that are read at once: as many as make a page of this size, going by the page before. */
const PAGE = { first: 8, most: 64, bytes: 128 * 1024 };

export interface RunStreamSource {
  /** Events behind a place in the log. */
  read(after: number, limit: number): Promise<EventsRead>;
  /** Lets only so many readers read at once. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Whether the reader may still see the run; throws where not. */
  recheck(): Promise<void>;
  /** What an error looks like to the reader. */
  explain(error: unknown): string;
}

const RECHECK_MS = 60_000;

/**
 * A run's log to one reader, in order and without a gap: an inline event is sent on only if it is the next one, else the
 * log is read. Nothing waits in memory for a reader that does not keep up.
 */
export class RunStream implements Watcher {
  private stream: EventStream | undefined;
  private source: RunStreamSource | undefined;
  /** Events heard before the answer has begun. */
  private early: RunProgressData[] = [];
  private knownHead = 0;
  private waitingBytes = 0;
  private isReading = false;
  private limit = PAGE.first;
  private rechecks: NodeJS.Timeout | undefined;
  private isRechecking = false;
  private isRecheckDue = false;

  constructor(private cursor: number) {}

  /** Begins the answer; `first` is what is already known to stand in the log. */
  begin(
    reply: FastifyReply,
    runId: string,
    source: RunStreamSource,
    closed: () => void,
    first?: { seq: number; type: string; text: string },
  ): void {
    this.source = source;
    reply.hijack();
    const stream = new EventStream(
      reply.raw,
      { 'headgate-run-id': runId, ...replyHeaders(reply) },
      () => void this.catchUp(),
    );
    this.stream = stream;
    this.rechecks = setInterval(() => this.recheck(), RECHECK_MS);
    stream.whenClosed(() => {
      clearInterval(this.rechecks);
      closed();
    });
    if (first && first.seq === this.cursor + 1) this.send(first);
    const early = this.early;
    this.early = [];
    for (const data of early) this.progress(data);
    if (!first) void this.catchUp();
  }

  progress(data: RunProgressData): void {
    const { stream } = this;
    if (!stream) {
      this.early.push(data);
      return;
    }
    const isNews = data.lastSeq > this.knownHead;
    this.knownHead = Math.max(this.knownHead, data.lastSeq);
    if (!stream.isReady || this.isReading) {
      if (isNews) this.waitingBytes += leastBytesOf(data);
      if (!stream.isReady) stream.waiting(this.waitingBytes);
      return;
    }
    for (const event of data.events) if (event.seq === this.cursor + 1) this.send(event);
    if (this.knownHead > this.cursor) void this.catchUp();
  }

  head(lastSeq: number): void {
    this.knownHead = Math.max(this.knownHead, lastSeq);
    if (this.knownHead > this.cursor) void this.catchUp();
  }

  /** Checks at once whether the reader may still see the run. */
  recheck(): void {
    this.isRecheckDue = true;
    if (!this.isRechecking) void this.recheckWhileDue();
  }

  /** What changed while it was asked may not be in the answer. */
  private async recheckWhileDue(): Promise<void> {
    this.isRechecking = true;
    try {
      while (this.isRecheckDue && this.stream?.isClosed === false) {
        this.isRecheckDue = false;
        await this.source?.recheck();
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.isRechecking = false;
    }
  }

  private async catchUp(): Promise<void> {
    const { stream, source } = this;
    if (!stream || !source || this.isReading || !stream.isReady) return;
    this.isReading = true;
    try {
      for (let hasMore = true; hasMore && stream.isReady; )
        hasMore = await source.inTurn(() => this.sendPage(source));
    } catch (error) {
      this.fail(error);
    } finally {
      this.isReading = false;
    }
  }

  /**
   * Sends a page of the log, and says whether another one is due. A page is held by nothing that has waited for its turn:
   * what is old by then keeps it in memory long after it was sent.
   */
  private async sendPage(source: RunStreamSource): Promise<boolean> {
    const { events, isComplete, hasMore } = await source.read(this.cursor, this.limit);
    this.waitingBytes = 0;
    this.limit = limitAfter(this.limit, events);
    // the rest is read again when the reader has drained
    if (!events.every((event) => this.sendIfReady(event))) return false;
    if (isComplete) this.finish();
    return events.length > 0 && (hasMore || this.knownHead > this.cursor);
  }

  private sendIfReady(event: { seq: number; type: string; text: string }): boolean {
    const isReady = this.stream?.isReady === true;
    if (isReady) this.send(event);
    return isReady;
  }

  private send({ seq, type, text }: { seq: number; type: string; text: string }): void {
    this.stream?.event(type, text, seq);
    this.cursor = seq;
    if (isTerminalEvent(type as RunEventType)) this.finish();
  }

  private finish(): void {
    this.stream?.event('end', '{}');
    this.stream?.end();
  }

  private fail(error: unknown): void {
    if (!this.source || !this.stream || this.stream.isClosed) return;
    this.stream.event('error', this.source.explain(error));
    this.stream.end();
  }
}

/** What is too large to stand in a hint is at least as large as what may. */
function leastBytesOf({ events }: RunProgressData): number {
  if (events.length === 0) return DEFAULTS.progressInlineBytes;
  return events.reduce((sum, { text }) => sum + text.length, 0);
}

function limitAfter(limit: number, events: EventsRead['events']): number {
  const bytes = events.reduce((sum, { text }) => sum + text.length, 1);
  const fitting = Math.floor((PAGE.bytes * events.length) / bytes);
  return Math.max(1, Math.min(fitting, limit * 2, PAGE.most));
}

/** Headers that were set before the answer became a stream. */
function replyHeaders(reply: FastifyReply): Record<string, string> {
  return Object.fromEntries(Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]));
}
