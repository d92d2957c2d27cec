import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Batches that form by themselves: while one flush is under way the next batch gathers; nothing waits for a timer.
 * The promise of each item settles with its own outcome.
 */
export class Gather<Item, Outcome> {
  private waiting: Entry<Item, Outcome>[] = [];
  private isFlushing = false;

  constructor(
    private readonly flush: (items: Item[]) => Promise<Outcome[]>,
    private readonly maxItems: number,
  ) {}

  add(item: Item): Promise<Outcome> {
    return new Promise<Outcome>((resolve, reject) => {
      this.waiting.push({ item, resolve, reject, within: AsyncLocalStorage.snapshot() });
      if (!this.isFlushing) {
        this.isFlushing = true;
        setImmediate(() => void this.run());
      }
    });
  }

  private async run(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.maxItems);
      try {
        const flush = () => this.flush(batch.map((entry) => entry.item));
        // the first one's, not that of whoever began long ago
        const outcomes = await (batch[0]?.within(flush) ?? flush());
        batch.forEach((entry, index) => {
          entry.resolve(outcomes[index] as Outcome);
        });
      } catch (cause) {
        for (const entry of batch) entry.reject(cause);
      }
    }
    this.isFlushing = false;
  }
}

interface Entry<Item, Outcome> {
  item: Item;
  resolve: (outcome: Outcome) => void;
  reject: (cause: unknown) => void;
  /** What was under way asynchronously when it came. */
  within: <Result>(work: () => Result) => Result;
}
