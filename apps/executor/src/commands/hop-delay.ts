const WINDOW_MS = 60_000;

/**
 * How much longer a delivery took than the quickest one of the last minutes. The clock of the bus and ours may differ by any
 * amount and drift apart: neither is read as the time, only how their distance changes.
 */
export class HopDelay {
  private quickestMs = Number.POSITIVE_INFINITY;
  private quickestBeforeMs = Number.POSITIVE_INFINITY;
  private windowBeganMs: number;

  constructor(private readonly nowMs: () => number = () => performance.now()) {
    this.windowBeganMs = nowMs();
  }

  of(sentAtMs: number): number {
    const nowMs = this.nowMs();
    if (nowMs - this.windowBeganMs > WINDOW_MS) {
      this.quickestBeforeMs = this.quickestMs;
      this.quickestMs = Number.POSITIVE_INFINITY;
      this.windowBeganMs = nowMs;
    }
    const distanceMs = nowMs - sentAtMs;
    this.quickestMs = Math.min(this.quickestMs, distanceMs);
    return distanceMs - Math.min(this.quickestMs, this.quickestBeforeMs);
  }
}
