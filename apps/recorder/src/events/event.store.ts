import type { RunUsage } from '#libs/contracts';
import type { Pool } from '#libs/database';
import { type Append, type Appended, appendCall, usageOf } from '#libs/runs';

export interface ReadPosition {
  topic: string;
  partition: number;
  offset: number;
}

/** The recorder's statements. */
export class EventStore {
  constructor(private readonly pool: Pool) {}

  /** Writes a batch, and in the same transaction how far the recorder has come. An answer per event of each append. */
  async append(appends: readonly Append[], positions: readonly ReadPosition[]): Promise<Appended[][]> {
    const { sql, values, read } = appendCall(appends, 4);
    const { rows } = await this.pool.query({
      name: 'append_events',
      text: `with read as (
               insert into recorder_position (topic, partition, "offset") select * from unnest($1::text[], $2::integer[], $3::bigint[])
               on conflict (topic, partition) do update set "offset" = greatest(recorder_position."offset", excluded."offset")
             )
             select * from ${sql}`,
      values: [
        positions.map((one) => one.topic),
        positions.map((one) => one.partition),
        positions.map((one) => one.offset),
        ...values,
      ],
    });
    return read(rows);
  }

  async usageOf(organizationId: string, runId: string): Promise<RunUsage | undefined> {
    const { read, ...statement } = usageOf(organizationId, runId);
    return read((await this.pool.query(statement)).rows);
  }

  async addBlobs(organizationId: string, blobs: readonly { hash: string; size: number }[]): Promise<void> {
    await this.pool.query(
      'insert into blob (org_id, hash, size) select $1, * from unnest($2::text[], $3::bigint[]) on conflict do nothing',
      [organizationId, blobs.map((blob) => blob.hash), blobs.map((blob) => blob.size)],
    );
  }

  /** The embedded bus counts anew with each process. */
  async forgetPositions(): Promise<void> {
    await this.pool.query('delete from recorder_position');
  }

  async addDeadLetter(letter: {
    id: string;
    topic: string;
    partition: number;
    offset: number;
    key: Buffer;
    value: Buffer;
    headers: Record<string, string>;
    reason: string;
  }): Promise<void> {
    await this.pool.query(
      `insert into dead_letter (id, topic, partition, "offset", key, value, headers, reason)
       values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing`,
      [
        letter.id,
        letter.topic,
        letter.partition,
        letter.offset,
        letter.key,
        letter.value,
        JSON.stringify(letter.headers),
        letter.reason,
      ],
    );
  }
}
