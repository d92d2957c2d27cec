const LOST_AFTER_MS = 5_000;
/** Between two words of our own; what is longer was not time in which anybody could be heard. */
const MOST_BETWEEN_MS = 2_500;

/**
 * Which executors have been silent for too long. Silence counts only while our own probe comes back through the same
 * topic: where nobody can be heard, nobody is lost.
 */
export class Liveness {
  private healthyMs = 0;
  private lastProbeMs: number | undefined;
  /** On the clock of healthy time. */
  private readonly heardAtMs = new Map<string, number>();

  probeCame(nowMs: number): void {
    const { lastProbeMs } = this;
    this.lastProbeMs = nowMs;
    if (lastProbeMs !== undefined && nowMs - lastProbeMs <= MOST_BETWEEN_MS)
      this.healthyMs += nowMs - lastProbeMs;
  }

  heard(executorId: string): void {
    this.heardAtMs.set(executorId, this.healthyMs);
  }

  /** One that holds attempts, as the table says: it has all its time to be heard. */
  expect(executorId: string): void {
    if (!this.heardAtMs.has(executorId)) this.heard(executorId);
  }

  /** Those whose time is over. */
  lost(): string[] {
    const lost: string[] = [];
    for (const [executorId, atMs] of this.heardAtMs)
      if (this.healthyMs - atMs > LOST_AFTER_MS) lost.push(executorId);
    return lost;
  }

  forget(executorId: string): void {
    this.heardAtMs.delete(executorId);
  }
}
