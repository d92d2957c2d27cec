import type { RunProgressData } from '#libs/contracts';
import { DEFAULTS, isTerminalEvent } from '#libs/domain';
import type { Watcher } from './run-watches.ts';

type ProgressEvent = RunProgressData['events'][number];

export interface HeardEnd {
  attempt: number;
  /** The whole log, if every event of it was heard; else it has to be read. */
  events: ProgressEvent[] | undefined;
}

/** Waits for a run's end, and keeps what it hears on the way, so that most answers need no further query. */
export class RunWaiter implements Watcher {
  /** Undefined where it became too much. */
  private heard: ProgressEvent[] | undefined = [];
  private heardBytes = 0;
  private resolve: ((end: HeardEnd | undefined) => void) | undefined;
  private ended: HeardEnd | undefined;

  progress({ attempt, events }: RunProgressData): void {
    this.hear(events);
    const last = events.at(-1);
    if (last && isTerminalEvent(last.type)) this.end({ attempt, events: this.heard });
  }

  head(_lastSeq: number, isEnded: boolean): void {
    if (isEnded) this.end({ attempt: 0, events: undefined });
  }

  /** The end, or undefined where it does not come in time. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<HeardEnd | undefined> {
    if (this.ended) return Promise.resolve(this.ended);
    return new Promise((resolve) => {
      const finish = (end: HeardEnd | undefined) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        resolve(end);
      };
      const giveUp = () => finish(undefined);
      const timer = setTimeout(giveUp, timeoutMs);
      signal.addEventListener('abort', giveUp, { once: true });
      this.resolve = finish;
    });
  }

  private hear(events: ProgressEvent[]): void {
    if (!this.heard) return;
    this.heard.push(...events);
    for (const { text } of events) this.heardBytes += text.length;
    if (this.heard.length > MAX_HEARD || this.heardBytes > DEFAULTS.streamUnsentBytes) this.heard = undefined;
  }

  private end(end: HeardEnd): void {
    if (this.ended) return;
    this.ended = end;
    this.resolve?.(end);
  }
}

const MAX_HEARD = 200;
