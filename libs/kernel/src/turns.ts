import { AppError } from './errors.ts';

/** Lets only so much work go on at a time; what comes later waits, in its order, and is refused where too much waits. */
export class Turns {
  private readonly waiting: (() => void)[] = [];

  constructor(
    private free: number,
    private readonly maxWaiting = Number.POSITIVE_INFINITY,
  ) {}

  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.free > 0) this.free -= 1;
    else await this.wait();
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free += 1;
    }
  }

  private wait(): Promise<void> {
    if (this.waiting.length >= this.maxWaiting)
      throw new AppError('service.unavailable', {
        detail: 'Too many requests like this one wait at the moment: try again.',
      });
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
