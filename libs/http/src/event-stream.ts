import type { ServerResponse } from 'node:http';
import { DEFAULTS } from '#libs/domain';

/** Within this, a burst may be on its way to a reader that is only far away. */
const BURST_MS = 1_000;

/** Server-sent events to one reader: never more in memory than it can take, and an end to those who do not read. */
export class EventStream {
  private readonly keepAlive: NodeJS.Timeout;
  private isStalled = false;
  private stalledSinceMs = 0;
  private stallTimer: NodeJS.Timeout | undefined;
  private closed: (() => void) | undefined;
  isClosed = false;

  constructor(
    private readonly response: ServerResponse,
    headers: Record<string, string>,
    /** The reader took what was unsent: more may follow. */
    private readonly drained: () => void,
  ) {
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      ...headers,
    });
    response.flushHeaders();
    response.on('drain', () => this.onDrain());
    response.once('close', () => this.close());
    response.on('error', () => this.close());
    this.keepAlive = setInterval(() => this.comment(), DEFAULTS.streamCommentMs);
  }

  /** Whether the reader keeps up. If not, nothing more should be written until it has drained. */
  get isReady(): boolean {
    return !this.isClosed && !this.isStalled && !this.response.writableEnded;
  }

  event(type: string, data: string, id?: number): void {
    this.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${type}\ndata: ${data}\n\n`);
  }

  /** Counts what waits for a reader that does not read, and cuts it when it is too much. */
  waiting(bytes: number): void {
    const isTooMuch = bytes + this.response.writableLength > DEFAULTS.streamUnsentBytes;
    if (isTooMuch && performance.now() - this.stalledSinceMs > BURST_MS) this.cut();
  }

  /** Ends after what was written; a reader that does not take it is still cut. */
  end(): void {
    if (this.isClosed || this.response.writableEnded) return;
    this.response.end();
    clearInterval(this.keepAlive);
    if (!this.isStalled) this.watchStall(this.response.writableLength);
  }

  whenClosed(work: () => void): void {
    if (this.isClosed) work();
    else this.closed = work;
  }

  private write(chunk: string): void {
    if (this.isClosed || this.response.writableEnded) return;
    if (this.response.writableLength > DEFAULTS.streamUnsentBytes) return this.cut();
    // as bytes: a text would be held twice while it is unsent, and its copy is three times as large
    if (this.response.write(Buffer.from(chunk, 'utf8')) || this.isStalled) return;
    this.isStalled = true;
    this.stalledSinceMs = performance.now();
    this.watchStall(this.response.writableLength);
  }

  private comment(): void {
    if (!this.isStalled) this.write(': still here\n\n');
  }

  /** A reader that takes a little is slow; one that takes nothing for a minute is gone. */
  private watchStall(unsentBytes: number): void {
    this.stallTimer = setTimeout(() => {
      const left = this.response.writableLength;
      if (left < unsentBytes) this.watchStall(left);
      else this.cut();
    }, DEFAULTS.streamStallMs);
  }

  private onDrain(): void {
    this.isStalled = false;
    clearTimeout(this.stallTimer);
    if (this.isReady) this.drained();
  }

  private cut(): void {
    this.response.destroy();
    this.close();
  }

  private close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.keepAlive);
    clearTimeout(this.stallTimer);
    this.closed?.();
  }
}
