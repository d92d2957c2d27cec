import type { RunUsage } from '#libs/contracts';

/** Reads what a live run has spent so far; no row where it has ended. */
export function usageOf(
  organizationId: string,
  runId: string,
): { name: string; text: string; values: unknown[]; read(rows: readonly unknown[]): RunUsage | undefined } {
  return {
    name: 'usage_of',
    text: `select l.input_tokens::float8 as "inputTokens", l.output_tokens::float8 as "outputTokens",
             (l.input_tokens + l.output_tokens)::float8 as "totalTokens",
             coalesce(trunc(extract(epoch from now() - l.started_at) * 1000), 0)::float8 as "computeMs",
             trunc(extract(epoch from coalesce(l.started_at, now()) - r.created_at) * 1000)::float8 as "queueMs", l.attempt as attempts
           from run_live l join run r on r.org_id = l.org_id and r.id = l.run_id where l.org_id = $1 and l.run_id = $2`,
    values: [organizationId, runId],
    read: (rows) => rows[0] as RunUsage | undefined,
  };
}
