import type { Pool } from 'pg';
import type { TestRing } from '#libs/testing';

/** The gateway's own connections: its tenants' and its doors'. */
export function poolsOf(ring: TestRing): readonly Pool[] {
  // no one but a test counts them
  const { pools } = ring.standalone as unknown as { pools: readonly Pool[] };
  return pools.filter(({ options }) =>
    ['headgate-gateway', 'headgate-auth'].includes(String(options.application_name)),
  );
}
