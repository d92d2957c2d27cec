import type { Pool } from '#libs/database';
import type { ReadinessReport } from '#libs/http';
import { Readiness } from './readiness.ts';

/** Whether runs can be taken, as the gateway's own database shows, and what else is not as it should be. */
export class DatabaseReadiness extends Readiness {
  constructor(
    private readonly pool: Pool,
    private readonly others: () => readonly string[],
  ) {
    super();
  }

  async report(): Promise<ReadinessReport> {
    try {
      const { rows } = await this.pool.query<{ has: boolean }>(
        `select has_event_day((now() at time zone 'UTC')::date + 1) as has`,
      );
      const noDay = rows[0]?.has ? [] : ['The event log has no place for the runs of tomorrow.'];
      return { isReady: true, degraded: [...noDay, ...this.others()] };
    } catch {
      return { isReady: false, degraded: ['The database cannot be reached.', ...this.others()] };
    }
  }
}
