import { type Bus, type Delivery, DONE, type Outcome, oneByOne, type Reading } from '#libs/bus';
import { PROGRESS_MOVED, TOPICS } from '#libs/contracts';

export interface Progressed {
  ended(runId: string, attempt: number): void;
  fenced(organizationId: string, runId: string, attempt: number): Promise<void>;
}

/** Hears of runs that ended and of events that were refused; other progress it drops unread. */
export class ProgressConsumer {
  private reading: Reading | undefined;

  constructor(
    private readonly bus: Bus,
    private readonly progressed: Progressed,
  ) {}

  async start(): Promise<void> {
    this.reading = await this.bus.subscribe({
      reader: 'conductor',
      topic: TOPICS.runProgress,
      group: 'alone',
      accepts: (_key, headers) =>
        headers['moved'] === PROGRESS_MOVED.ended || headers['moved'] === PROGRESS_MOVED.fenced,
      handle: oneByOne((delivery) => this.handle(delivery)),
    });
  }

  async stop(): Promise<void> {
    await this.reading?.stop();
  }

  /** All that it needs stands in key and headers. */
  private async handle({ key: runId, headers }: Delivery): Promise<Outcome> {
    const attempt = Number(headers['attempt']);
    if (headers['moved'] === PROGRESS_MOVED.ended) this.progressed.ended(runId, attempt);
    else await this.progressed.fenced(headers['organization'] ?? '', runId, attempt);
    return DONE;
  }
}
