import { renewLead } from '#libs/database';
import { type Client, cut } from './connection.ts';

interface Statement {
  name?: string;
  text: string;
  values?: unknown[];
}

/**
 * The leader's statements in one term, one after the other over the connection that holds the lock: the one way in which
 * a conductor writes. They wait while that connection is away, and fail for good once the term is over.
 */
export class LeaderSession {
  private client: Client | undefined;
  /** The statement that was given last: the next one waits for it. */
  private last: Promise<unknown> = Promise.resolve();
  private changed = Promise.withResolvers<void>();
  private over: Error | undefined;
  private isDue = false;

  constructor(readonly term: number) {}

  query<Row extends object>(statement: Statement): Promise<Row[]> {
    return this.inTurn(async (client) => (await client.query<Row>(statement)).rows);
  }

  /** Says anew that it leads, ahead of all statements that wait. */
  renew(): void {
    this.isDue = true;
    this.inTurn(async () => undefined).catch(() => undefined);
  }

  /** It is to be said anew, and has not been yet. */
  get isRenewalDue(): boolean {
    return this.isDue;
  }

  get isOver(): boolean {
    return this.over !== undefined;
  }

  /** The connection that it has from now on. */
  connect(client: Client | undefined): void {
    this.client = client;
    this.isDue = false;
    this.change();
  }

  end(why: string): void {
    this.over ??= new Error(why);
    this.change();
  }

  private inTurn<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    const result = this.last.then(async () => {
      const client = await this.connected();
      if (this.isDue) await this.renewOver(client);
      return work(client);
    });
    this.last = result.catch(() => undefined);
    return result;
  }

  private async renewOver(client: Client): Promise<void> {
    try {
      if (!(await renewLead(client, this.term))) throw new Error('another leads');
    } catch (cause) {
      // without its lock it cannot write: whoever reconnects learns whether it still leads
      cut(client);
      throw cause;
    }
    this.isDue = false;
  }

  private async connected(): Promise<Client> {
    for (;;) {
      if (this.over) throw this.over;
      if (this.client) return this.client;
      await this.changed.promise;
    }
  }

  private change(): void {
    this.changed.resolve();
    this.changed = Promise.withResolvers();
  }
}
