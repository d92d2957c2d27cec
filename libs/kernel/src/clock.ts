/** Time, so that a test can bend it. No lease is decided by `now`. */
export abstract class Clock {
  abstract now(): Date;
  /** Milliseconds that only grow; their zero means nothing. */
  abstract monotonicMs(): number;
}

export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }
  monotonicMs(): number {
    return performance.now();
  }
}
