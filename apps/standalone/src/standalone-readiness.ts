import { type EgressException, egressText } from '#libs/config';
import type { Pool } from '#libs/database';
import type { SandboxDriver } from '#libs/sandbox';
import { Readiness, type ReadinessReport } from '../../gateway/src/gateway.public.ts';

/** Whether this one process can take runs. */
export class StandaloneReadiness extends Readiness {
  constructor(
    private readonly pool: Pool,
    private readonly egressAllow: readonly EgressException[],
    private readonly driver: SandboxDriver,
  ) {
    super();
  }

  async report(): Promise<ReadinessReport> {
    const degraded: string[] = [];
    let isReady = true;
    try {
      const { rows } = await this.pool.query<{ has: boolean }>(
        `select has_event_day((now() at time zone 'UTC')::date + 1) as has`,
      );
      if (!rows[0]?.has) degraded.push('The event log has no place for the runs of tomorrow.');
    } catch {
      isReady = false;
      degraded.push('The database cannot be reached.');
    }
    if (!this.driver.guarantees.includes('net')) {
      degraded.push(
        `The sandbox driver "${this.driver.name}" keeps no strangers' code in: only built-in components run.`,
      );
    }
    if (this.egressAllow.length > 0) {
      degraded.push(
        `Flows may reach ${this.egressAllow.map(egressText).join(', ')} (HEADGATE_EGRESS_ALLOW).`,
      );
    }
    return { isReady, degraded };
  }
}
