import { createClient, followClock } from '#libs/database';

export type Client = ReturnType<typeof createClient>;

/** A connection, and when it is no more. */
export interface Connection {
  client: Client;
  ended: Promise<void>;
}

const CONNECT_MS = 5_000;
/** No statement may keep a leader that can be replaced from saying that it leads. */
const STATEMENT_MS = 1_000;

export async function connect(url: string, isReplaceable: boolean): Promise<Connection> {
  const client = createClient({ url, name: 'conductor' });
  const ended = new Promise<void>((resolve) => {
    client.once('end', () => resolve());
  });
  const late = setTimeout(() => cut(client), CONNECT_MS);
  try {
    await client.connect();
    void ended.then(await followClock(client));
    if (isReplaceable) await client.query(`set statement_timeout = ${STATEMENT_MS}`);
  } finally {
    clearTimeout(late);
  }
  return { client, ended };
}

/** Ends a connection whose other side may not answer. */
export function cut(client: Client): void {
  client.connection.stream.destroy();
}
