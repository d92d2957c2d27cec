import type { TestRing } from '#libs/testing';

const TABLES = [
  'organization',
  'project',
  'environment',
  'flow',
  'version',
  'deployment',
  'release',
  'api_key',
  'variable',
  'secret_version',
  'run',
  'run_live',
  'run_event',
  'idempotency',
  'audit_entry',
  'blob',
] as const;

/** A digest of all that an organization has; when a key was last used is not of it. */
export async function tenantState(ring: TestRing, organizationId: string): Promise<string> {
  const digests = TABLES.map(
    (table) =>
      `(select coalesce(string_agg((to_jsonb(t) - 'last_used_at')::text, '' order by t::text), '') from ${table} t where org_id = $1)`,
  );
  const [row] = await ring.rows<{ state: string }>(`select md5(${digests.join(' || ')}) as state`, [
    organizationId,
  ]);
  return row?.state ?? '';
}
