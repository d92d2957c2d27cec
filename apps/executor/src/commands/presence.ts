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

  constructor(private readonly nowMs: () => number = () => performance.now()) {
    this.heardMs = nowMs();
  }

  /** Asked for each request and not told by a timer: a process that was frozen knows it with its first step. */
  get isParked(): boolean {
    if (this.nowMs() - this.heardMs > PARK_AFTER_MS) this.hasParked = true;
    return this.hasParked;
  }

  /** The bus has taken a status; a silence that was too long is not made good by it. */
  heard(): void {
    if (!this.isParked) this.heardMs = this.nowMs();
  }

  rollCalled(): void {
    this.hasParked = false;
    this.heardMs = this.nowMs();
    for (const go of this.waiting) go();
    this.waiting.clear();
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
