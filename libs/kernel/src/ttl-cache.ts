import { Recent } from './recent.ts';

interface Kept<Value> {
  value: Value | undefined;
  untilMs: number;
}

/**
 * Answers that are right for a moment. One query at a time for one key; a failure is not kept. Where it is full, the oldest
 * answer goes. Answers that there is nothing have a small room of their own: whoever asks for what there is not pushes out
 * nothing that there is.
 */
export class TtlCache<Value> {
  private readonly hits: Answers<Value>;
  private readonly misses: Answers<Value>;
  private readonly underWay = new Map<string, { value: Promise<Value | undefined>; untilMs: number }>();

  constructor(
    private readonly freshMs: number,
    maxEntries: number,
    maxMisses = Math.ceil(maxEntries / 20),
  ) {
    this.hits = new Answers(maxEntries);
    this.misses = new Answers(maxMisses);
  }

  async get(key: string, load: () => Promise<Value | undefined>): Promise<Value | undefined> {
    const nowMs = performance.now();
    const known = this.hits.fresh(key, nowMs) ?? this.misses.fresh(key, nowMs);
    if (known) return known.value;
    const other = this.underWay.get(key);
    if (other && other.untilMs > nowMs) return other.value;
    const mine = { value: load(), untilMs: nowMs + this.freshMs };
    this.underWay.set(key, mine);
    try {
      const value = await mine.value;
      // what was forgotten meanwhile is not kept
      if (this.underWay.get(key) === mine) this.keep(key, { value, untilMs: mine.untilMs });
      return value;
    } finally {
      if (this.underWay.get(key) === mine) this.underWay.delete(key);
    }
  }

  /** Drops what is stale. What is still under way may be: whoever comes later asks anew. */
  forget(isStale: (key: string, value: Value | undefined) => boolean): void {
    this.hits.forget(isStale);
    this.misses.forget(isStale);
    this.underWay.clear();
  }

  clear(): void {
    this.forget(() => true);
  }

  private keep(key: string, kept: Kept<Value>): void {
    const [these, other] = kept.value === undefined ? [this.misses, this.hits] : [this.hits, this.misses];
    other.delete(key);
    these.set(key, kept);
  }
}

/** The last so many answers. */
class Answers<Value> extends Recent<string, Kept<Value>> {
  fresh(key: string, nowMs: number): Kept<Value> | undefined {
    const kept = this.get(key);
    return kept && kept.untilMs > nowMs ? kept : undefined;
  }

  forget(isStale: (key: string, value: Value | undefined) => boolean): void {
    for (const [key, { value }] of this) if (isStale(key, value)) this.delete(key);
  }
}
