import { setTimeout as sleep } from 'node:timers/promises';
import { AppStartError, createClient } from '#libs/database';

type Client = ReturnType<typeof createClient>;

const LOCK = 'headgate.conductor';
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

  async close(): Promise<void> {
    this.isClosed = true;
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
    const { rows } = await client.query<{ has: boolean }>(
      'select pg_try_advisory_lock(hashtext($1)) as has',
      [LOCK],
    );
    if (!rows[0]?.has) {
      await client.end();
      throw new AppStartError(
        'Another Headgate conducts the runs of this database: stop it, or use another DATABASE_URL.',
      );
    }
    return client;
  }
}
