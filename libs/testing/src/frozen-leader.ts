import type { Leadership } from '../../../apps/conductor/src/leader/leadership.ts';

/** What a leader does whose process stands still: it says nothing and hears nothing, until it is thawed. */
export function freeze(leadership: Leadership): { pid: number; thaw: () => void } {
  const client = leadership['connection']?.client;
  if (!client) throw new Error('it has no connection');
  clearInterval(leadership['renewing']);
  const { stream } = client.connection;
  stream.pause();
  const thawed = Promise.withResolvers<void>();
  const query = client.query.bind(client);
  client.query = (async (statement: { text: string }) => {
    await thawed.promise;
    return query(statement);
  }) as typeof client.query;
  const thaw = () => {
    stream.resume();
    thawed.resolve();
  };
  return { pid: Number((client as unknown as { processID: number }).processID), thaw };
}

/** What is left of a leader whose process was killed. */
export function kill(leadership: Leadership): void {
  leadership.retire();
  leadership['connection']?.client.connection.stream.destroy();
}
