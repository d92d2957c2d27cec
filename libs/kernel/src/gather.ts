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
      this.waiting.push({ item, resolve, reject });
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
        const outcomes = await this.flush(batch.map((entry) => entry.item));
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
}
