import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, takeLeaderLock } from '#libs/database';
import { AppStartError } from '#libs/kernel';

type Client = ReturnType<typeof createClient>;

const PAUSE_MS = 250;

interface Statement {
  name?: string;
  text: string;
  values?: unknown[];
}

/** The one connection through which the conductor writes. Whoever holds it conducts; nobody else can. */
export class LeaderSession {
  private client: Client | undefined;
  private connecting: Promise<Client> | undefined;
  /** The statement that was given last: the next one waits for it. */
  private last: Promise<unknown> = Promise.resolve();
  private isClosed = false;

  constructor(
    private readonly url: string,
    /** Told after each connection that is not the first: what was under way may or may not have happened. */
    private readonly reconnected: () => void,
  ) {}

  async start(): Promise<void> {
    this.client = await this.connect();
  }

  query<Row extends object>(statement: Statement): Promise<Row[]> {
    const rows = this.last.then(async () => {
      const client = this.client ?? (await this.reconnect());
      return (await client.query<Row>(statement)).rows;
    });
    this.last = rows.catch(() => undefined);
    return rows;
  }

  /** From now on a connection that is lost does not come back, so that nobody waits for it. */
  retire(): void {
    this.isClosed = true;
  }

  async close(): Promise<void> {
    this.retire();
    await this.client?.end().catch(() => undefined);
  }

  private reconnect(): Promise<Client> {
    this.connecting ??= (async () => {
      for (;;) {
        if (this.isClosed) throw new Error('the session is closed');
        try {
          const client = await this.connect();
          if (this.isClosed) {
            await client.end();
            continue;
          }
          this.client = client;
          setImmediate(this.reconnected);
          return client;
        } catch (cause) {
          if (cause instanceof AppStartError) throw cause;
          await sleep(PAUSE_MS);
        }
      }
    })().finally(() => {
      this.connecting = undefined;
    });
    return this.connecting;
  }

  private async connect(): Promise<Client> {
    const client = createClient({ url: this.url, name: 'conductor' });
    client.once('end', () => {
      if (this.client === client) this.client = undefined;
    });
    await client.connect();
    try {
      await takeLeaderLock(client, 'session');
    } catch (cause) {
      await client.end();
      throw cause;
    }
    return client;
  }
}
