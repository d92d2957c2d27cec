import pg from 'pg';
import type { LogRow } from '#libs/testing';
import { Books, type Entry } from './books.ts';
import type { CallerRun } from './callers.ts';
import type { Counters } from './messages.ts';

export interface RunRow {
  id: string;
  organizationId: string;
  key: string | null;
  status: string | null;
  text: string | null;
  errorCode: string | null;
  errorDetail: string | null;
  attempt: number | null;
  lastSeq: number | null;
  /** Of the version that it was accepted with. */
  contentHash: string | null;
}

export interface EventRow extends LogRow {
  runId: string;
  organizationId: string;
}

/** All that is left of a storm: what callers were told, what the database holds, what the books say. */
export interface History {
  callers: readonly CallerRun[];
  runs: readonly RunRow[];
  events: readonly EventRow[];
  liveRuns: number;
  /** Of each life; the last one ended in peace. */
  books: readonly Entry[][];
  /** Of the last life, when all was still. */
  counters: Counters;
}

export async function readHistory(
  databaseUrl: string,
  told: Pick<History, 'callers' | 'counters'> & { bookPaths: readonly string[] },
): Promise<History> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows: runs } = await client.query<RunRow>(
    `select r.id, r.org_id as "organizationId", i.key, r.status, r.output->>'text' as text, r.error->>'code' as "errorCode",
       r.error->>'detail' as "errorDetail",
       r.attempt, r.last_seq as "lastSeq", v.content_hash as "contentHash"
     from run r left join idempotency i on i.org_id = r.org_id and i.resource_id = r.id
       left join version v on v.org_id = r.org_id and v.id = r.version_id`,
  );
  const { rows: events } = await client.query<EventRow>(
    `select run_id as "runId", org_id as "organizationId", seq, attempt, n, type, at, data::text as data
     from run_event order by run_id, seq`,
  );
  const { rows: live } = await client.query<{ count: number }>(
    'select count(*)::integer as count from run_live',
  );
  await client.end();
  const { callers, counters, bookPaths } = told;
  return { callers, counters, runs, events, liveRuns: live[0]?.count ?? 0, books: bookPaths.map(Books.read) };
}
