import { Recent, Turns } from '#libs/kernel';

export type Lookup = (host: string) => Promise<string[]>;

const MAX_AT_ONCE = 2;
const MAX_KNOWN = 1_000;

/**
 * The names that one organization asks for. The system looks up only a few at a time for all organizations and gives
 * none of them up, so each organization has a share of it.
 */
export class NameLookups {
  private readonly known = new Recent<string, { addresses: string[]; sinceMs: number }>(MAX_KNOWN);
  private readonly turns = new Turns(MAX_AT_ONCE);

  constructor(
    private readonly lookup: Lookup,
    private readonly patienceMs = 5_000,
    private readonly keptMs = 5_000,
  ) {}

  async addressesOf(host: string, caller: AbortSignal): Promise<string[]> {
    const recent = this.recent(host);
    if (recent) return recent;
    const signal = AbortSignal.any([caller, AbortSignal.timeout(this.patienceMs)]);
    signal.throwIfAborted();
    // holds its turn until the system has answered, however long ago its caller went away
    return unless(
      signal,
      this.turns.take(() => this.look(host), signal),
    );
  }

  private async look(host: string): Promise<string[]> {
    const recent = this.recent(host);
    if (recent) return recent;
    const addresses = await this.lookup(host);
    this.known.set(host, { addresses, sinceMs: performance.now() });
    return addresses;
  }

  private recent(host: string): string[] | undefined {
    const known = this.known.get(host);
    return known && performance.now() - known.sinceMs < this.keptMs ? known.addresses : undefined;
  }
}

/** What work gives, or the reason of a signal that comes before it. */
function unless<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp);
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
