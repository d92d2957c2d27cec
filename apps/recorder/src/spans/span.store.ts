import type { Pool } from '#libs/database';
import { dayOfId } from '#libs/kernel';

/** What one message tells of an attempt, as it is kept. */
export interface SpanRow {
  organizationId: string;
  runId: string;
  attempt: number;
  part: number;
  queueMs: number;
  placementMs: number;
  dropped: number;
  /** JSON text. */
  spans: string;
}

export class SpanStore {
  constructor(private readonly pool: Pool) {}

  /** One that has come before is there already, and stays as it is. */
  async add(rows: readonly SpanRow[]): Promise<void> {
    await this.pool.query({
      name: 'add_spans',
      text: `insert into run_span (run_day, org_id, run_id, attempt, part, queue_ms, placement_ms, dropped, spans)
             select u.run_day, u.org_id, u.run_id, u.attempt, u.part, u.queue_ms, u.placement_ms, u.dropped, u.spans::json
             from unnest($1::date[], $2::uuid[], $3::uuid[], $4::integer[], $5::integer[], $6::float8[], $7::float8[], $8::integer[], $9::text[])
               as u (run_day, org_id, run_id, attempt, part, queue_ms, placement_ms, dropped, spans)
             on conflict do nothing`,
      values: [
        rows.map((row) => dayOfId(row.runId)),
        rows.map((row) => row.organizationId),
        rows.map((row) => row.runId),
        rows.map((row) => row.attempt),
        rows.map((row) => row.part),
        rows.map((row) => row.queueMs),
        rows.map((row) => row.placementMs),
        rows.map((row) => row.dropped),
        rows.map((row) => row.spans),
      ],
    });
  }
}
