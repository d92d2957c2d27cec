import { setTimeout as sleep } from 'node:timers/promises';
import { isOutage } from '#libs/database';

const PAUSE_MS = 250;

/** While what it needs is away nothing is lost and nothing is judged: work is done again until it is done. */
export class Patience {
  private readonly ending = new AbortController();

  /** Resolves with what the work gives; throws what is no outage, and after `end` also what is. */
  async with<Result>(
    work: () => Promise<Result>,
    isAway: (cause: unknown) => boolean = isOutage,
  ): Promise<Result> {
    const { signal } = this.ending;
    for (;;) {
      try {
        return await work();
      } catch (cause) {
        if (signal.aborted || !isAway(cause)) throw cause;
        await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  end(): void {
    this.ending.abort();
  }
}
