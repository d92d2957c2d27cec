import type { RunError, RunOutput, RunUsage } from '#libs/contracts';
import { shownStatus } from '#libs/domain';
import type { Run } from './run.schema.ts';
import type { RunRow } from './run.store.ts';

/** A run as clients see it. Values too large for the table are left out here. */
export function presentRun(row: RunRow): Run {
  return {
    id: row.id,
    deploymentId: row.deploymentId,
    flowId: row.flowId,
    versionId: row.versionId,
    environmentId: row.environmentId,
    status: shownStatus(row.state, row.cancelRequestedAt !== null),
    attempt: row.attempt,
    sessionId: row.sessionId,
    endUserId: row.endUserId,
    input: read<unknown>(row.input),
    output: read<RunOutput>(row.output),
    error: read<RunError>(row.error),
    usage: read<RunUsage>(row.usage),
    metadata: read<Record<string, unknown>>(row.metadata) ?? {},
    createdAt: row.createdAt.toISOString(),
    startedAt: row.startedAt?.toISOString() ?? null,
    finishedAt: row.finishedAt?.toISOString() ?? null,
    cancelRequestedAt: row.cancelRequestedAt?.toISOString() ?? null,
    expiresAt: row.expiresAt.toISOString(),
    links: linksOf(row.id),
  };
}

export function linksOf(runId: string): Run['links'] {
  return { self: `/v1/runs/${runId}`, events: `/v1/runs/${runId}/events` };
}

function read<Value>(json: string | null): Value | null {
  return json === null ? null : (JSON.parse(json) as Value);
}
