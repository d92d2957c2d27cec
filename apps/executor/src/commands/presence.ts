/** Earlier than a conductor may think that an executor is lost. */
const PARK_AFTER_MS = 4_000;

/**
 * Whether the bus still takes this executor's word. One that nobody hears may have been taken for lost, and what it held
 * may run elsewhere: it parks, and goes on only with what the conductor's roll-call leaves it.
 */
export class Presence {
  private heardMs: number;
  private hasParked = false;
  private waiting = new Set<() => void>();
  /** When each of its last words was said. */
  private readonly spoken = new Map<number, number>();
  private pulse = 0;

  constructor(private readonly nowMs: () => number = () => performance.now()) {
    this.heardMs = nowMs();
  }

  /** Asked for each request and not told by a timer: a process that was frozen knows it with its first step. */
  get isParked(): boolean {
    if (this.nowMs() - this.heardMs > PARK_AFTER_MS) this.hasParked = true;
    return this.hasParked;
  }

  /** Says which word this is, by which an answer to it is known. */
  speak(): number {
    const nowMs = this.nowMs();
    for (const [pulse, spokenMs] of this.spoken) {
      if (nowMs - spokenMs <= PARK_AFTER_MS) break;
      this.spoken.delete(pulse);
    }
    this.pulse += 1;
    this.spoken.set(this.pulse, nowMs);
    return this.pulse;
  }

  /** The bus has taken a status; a silence that was too long is not made good by it. */
  heard(): void {
    if (!this.isParked) this.heardMs = this.nowMs();
  }

  /** The roll was called in answer to a word. One that was said long ago may be followed by a silence that it knows nothing of. */
  answered(pulse: number): void {
    const spokenMs = this.spoken.get(pulse) ?? Number.NEGATIVE_INFINITY;
    if (this.nowMs() - spokenMs > PARK_AFTER_MS) return;
    this.hasParked = false;
    this.heardMs = this.nowMs();
    for (const go of this.waiting) go();
  }

  /** Resolves when it is not parked any more, or not wanted any more; undefined where it is not parked. */
  whenPresent(signal: AbortSignal): Promise<void> | undefined {
    if (!this.isParked || signal.aborted) return undefined;
    return new Promise<void>((resolve) => {
      const go = () => {
        signal.removeEventListener('abort', go);
        this.waiting.delete(go);
        resolve();
      };
      this.waiting.add(go);
      signal.addEventListener('abort', go);
    });
  }
}
