import { AppError } from './errors.ts';

/** Lets only so much work go on at a time; what comes later waits, in its order, and is refused where too much waits. */
export class Turns {
  private readonly waiting = new Set<() => void>();

  constructor(
    private free: number,
    private readonly maxWaiting = Number.POSITIVE_INFINITY,
  ) {}

  /** The signal ends the waiting, not the work: its turn lasts as long as it does. */
  async take<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    if (this.free > 0) this.free -= 1;
    else await this.wait(signal);
    try {
      return await work();
    } finally {
      const [next] = this.waiting;
      if (next) next();
      else this.free += 1;
    }
  }

  private wait(signal?: AbortSignal): Promise<void> {
    if (this.waiting.size >= this.maxWaiting)
      throw new AppError('service.unavailable', {
        detail: 'Too many requests like this one wait at the moment: try again.',
      });
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.waiting.delete(begin);
        signal?.removeEventListener('abort', giveUp);
      };
      const begin = () => {
        leave();
        resolve();
      };
      const giveUp = () => {
        leave();
        reject(signal?.reason);
      };
      this.waiting.add(begin);
      signal?.addEventListener('abort', giveUp);
    });
  }
}
