import pg from 'pg';
import { isTracing } from '#libs/telemetry';
import { TracedClient } from './traced-client.ts';

export type { Pool } from 'pg';

export interface PoolOptions {
  url: string;
  size: number;
  name: string;
}

/** Statements on the run path are few and alike: one generic plan each is right, and planning them anew is not. */
const SESSION = '-c plan_cache_mode=force_generic_plan -c jit=off';

/** A pool of connections under one login. Errors of idle connections are not ours: the next query meets them again. */
export function createPool({ url, size, name }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: size,
    application_name: `headgate-${name}`,
    options: SESSION,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 5_000,
    ...(isTracing() && { Client: TracedClient }),
  });
  pool.on('error', () => undefined);
  // between two owners nobody listens, and what nobody hears would end the process
  pool.on('connect', (client) => client.on('error', () => undefined));
  return pool;
}

/** A connection of its own, for a session that holds something. As with a pool, its next query meets what ended it. */
export function createClient({ url, name }: Omit<PoolOptions, 'size'>): pg.Client {
  const client = new (isTracing() ? TracedClient : pg.Client)({
    connectionString: url,
    application_name: `headgate-${name}`,
    options: SESSION,
  });
  client.on('error', () => undefined);
  return client;
}
