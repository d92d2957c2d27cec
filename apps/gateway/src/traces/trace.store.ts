import { Injectable } from '@nestjs/common';
import type { TenantTransaction } from '#libs/database';
import { DEFAULTS } from '#libs/domain';
import { dayOfId } from '#libs/kernel';

/** What one message told of an attempt. */
export interface SpansRow {
  attempt: number;
  queueMs: number;
  placementMs: number;
  dropped: number;
  /** JSON text. */
  spans: string;
}

/** With the root of each, and what stands around the spans of many messages. */
const MAX_ATTEMPT_BYTES = 2 * DEFAULTS.attemptSpanBytes;

@Injectable()
export class TraceStore {
  /** Of the attempts behind one, in their order; of each no more than an executor may tell, whatever one has told. */
  ofRun(tx: TenantTransaction, runId: string, afterAttempt: number): Promise<SpansRow[]> {
    return tx.$queryRaw<SpansRow[]>`
      select attempt, queue_ms as "queueMs", placement_ms as "placementMs", dropped, spans::text as spans
      from (select *, sum(octet_length(spans::text)) over (partition by attempt order by part) as bytes from run_span
            where run_day = ${dayOfId(runId)}::date and run_id = ${runId}::uuid and attempt > ${afterAttempt}) told
      where bytes <= ${MAX_ATTEMPT_BYTES} order by attempt, part`;
  }
}
