/** Answers that are right for a moment. One query at a time for one key; a failure is not kept. */
export class TtlCache<Value> {
  private readonly entries = new Map<string, { value: Promise<Value>; untilMs: number }>();

  constructor(
    private readonly freshMs: number,
    private readonly maxEntries: number,
  ) {}

  get(key: string, load: () => Promise<Value>): Promise<Value> {
    const known = this.entries.get(key);
    const nowMs = performance.now();
    if (known && known.untilMs > nowMs) return known.value;
    if (this.entries.size >= this.maxEntries) this.entries.clear();
    const value = load();
    const entry = { value, untilMs: nowMs + this.freshMs };
    this.entries.set(key, entry);
    value.catch(() => {
      if (this.entries.get(key) === entry) this.entries.delete(key);
    });
    return value;
  }

  clear(): void {
    this.entries.clear();
  }
}
