import { Injectable } from '@nestjs/common';
import type { TenantTransaction } from '#libs/database';
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

@Injectable()
export class TraceStore {
  /** Of the attempts behind one, in their order. */
  ofRun(tx: TenantTransaction, runId: string, afterAttempt: number): Promise<SpansRow[]> {
    return tx.$queryRaw<SpansRow[]>`
      select attempt, queue_ms as "queueMs", placement_ms as "placementMs", dropped, spans::text as spans from run_span
      where run_day = ${dayOfId(runId)}::date and run_id = ${runId}::uuid and attempt > ${afterAttempt} order by attempt, part`;
  }
}
