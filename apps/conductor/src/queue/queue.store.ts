import { DEFAULTS } from '#libs/domain';
import type { LeaderSession } from '../leader/session.ts';
import type { HeadName, QueuedRun } from './run-queue.ts';

/** A run that has just been claimed, with what its assignment needs. */
export interface ClaimedRun {
  organizationId: string;
  runId: string;
  projectId: string;
  environmentId: string;
  deploymentId: string;
  versionId: string;
  executorId: string;
  attempt: number;
  failures: number;
  kekId: string;
  sessionId: string;
  /** JSON text. */
  input: string | null;
  inputHash: string | null;
  timeoutSeconds: number;
  queueMs: number;
  inputTokens: number;
  outputTokens: number;
}

/** What a completed node of an earlier attempt left: ciphertext, or the blob that holds it. */
export interface Checkpoint {
  nodeId: string;
  iteration: number;
  /** Base64. */
  sealed: string | null;
  blobHash: string | null;
}

export interface Claim {
  run: QueuedRun;
  executorId: string;
  kekId: string;
}

/** The oldest queued runs of a deployment. */
export interface HeadRuns {
  runIds: string[];
  /** Those of them that failed before. */
  alone: string[];
}

/** How much the checkpoints of a run may be together: an assignment brings them back in one piece. */
const CHECKPOINTS_BYTES = 8 * 1024 * 1024;
/** What a checkpoint counts besides what it holds: it has to be named. */
const CHECKPOINT_NAME_BYTES = 128;

/** The statements of the queue, all on the leader's session. */
export class QueueStore {
  constructor(private readonly session: LeaderSession) {}

  /** Claims what is still to be had: the next attempt begins, and no other can. */
  claim(claims: readonly Claim[]): Promise<ClaimedRun[]> {
    return this.session.query<ClaimedRun>({
      name: 'claim',
      text: CLAIM,
      values: [
        claims.map(({ run }) => run.organizationId),
        claims.map(({ run }) => run.runId),
        claims.map(({ executorId }) => executorId),
        claims.map(({ kekId }) => kekId),
      ],
    });
  }

  /** The oldest queued runs of each named deployment. */
  async heads(names: readonly HeadName[]): Promise<Map<string, HeadRuns>> {
    const rows = await this.session.query<{ deployment_id: string } & HeadRuns>({
      name: 'heads',
      text: `select w.deployment_id, coalesce(array_agg(h.run_id order by h.run_id) filter (where h.run_id is not null), '{}') as "runIds",
               coalesce(array_agg(h.run_id) filter (where h.failures > 0), '{}') as alone
             from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as w (org_id, project_id, deployment_id)
             left join lateral (
               select l.run_id, l.failures from run_live l
               where l.org_id = w.org_id and l.project_id = w.project_id and l.deployment_id = w.deployment_id and l.is_queued
                 and l.cancel_requested_at is null and (l.not_before is null or l.not_before <= now())
               order by l.run_id limit $4
             ) h on true
             group by w.deployment_id`,
      values: [
        names.map((name) => name.organizationId),
        names.map((name) => name.projectId),
        names.map((name) => name.deploymentId),
        DEFAULTS.queueHeadRuns,
      ],
    });
    return new Map(rows.map(({ deployment_id, ...runs }) => [deployment_id, runs]));
  }

  /** What earlier attempts of a run have completed; none where it is more than can be brought back. */
  async checkpoints(organizationId: string, runId: string): Promise<Checkpoint[] | undefined> {
    const [row] = await this.session.query<{ isBounded: boolean; checkpoints: Checkpoint[] | null }>({
      name: 'checkpoints',
      text: CHECKPOINTS,
      values: [organizationId, runId, CHECKPOINTS_BYTES, CHECKPOINT_NAME_BYTES],
    });
    return row?.isBounded ? (row.checkpoints ?? []) : undefined;
  }

  /** The deployments with queued runs: one index probe each, however many runs there are. */
  deploymentsWithWork(): Promise<HeadName[]> {
    return this.session.query<HeadName>({ name: 'deployments_with_work', text: DEPLOYMENTS_WITH_WORK });
  }
}

const CLAIM = `with wanted as (
  select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) as w (org_id, run_id, executor_id, kek_id)
),
locked as (
  select l.org_id, l.run_id, w.executor_id, w.kek_id
  from run_live l join wanted w on w.org_id = l.org_id and w.run_id = l.run_id
  where l.is_queued and l.cancel_requested_at is null and (l.not_before is null or l.not_before <= now())
  order by l.org_id, l.run_id
  for update of l
),
claimed as (
  update run_live l set status = 'assigned', attempt = l.attempt + 1, last_n = 0, executor_id = k.executor_id,
    kek_id = coalesce(l.kek_id, k.kek_id), assigned_at = date_trunc('milliseconds', now())
  from locked k where l.org_id = k.org_id and l.run_id = k.run_id
  returning l.*
)
select c.org_id as "organizationId", c.run_id as "runId", c.project_id as "projectId", r.environment_id as "environmentId",
  c.deployment_id as "deploymentId", r.version_id as "versionId", c.executor_id as "executorId", c.attempt, c.failures,
  c.kek_id as "kekId", r.session_id as "sessionId", r.input::text as input, r.input_hash as "inputHash",
  r.timeout_seconds as "timeoutSeconds", trunc(extract(epoch from now() - r.created_at) * 1000)::float8 as "queueMs",
  c.input_tokens::float8 as "inputTokens", c.output_tokens::float8 as "outputTokens"
from claimed c join run r on r.org_id = c.org_id and r.id = c.run_id`;

const CHECKPOINTS = `select s.bytes <= $3 as "isBounded", case when s.bytes <= $3 then (
    select json_agg(json_build_object('nodeId', k.node_id, 'iteration', k.iteration,
      'sealed', translate(encode(k.sealed, 'base64'), E'\\n', ''), 'blobHash', k.blob_hash))
    from run_checkpoint k where k.org_id = $1 and k.run_id = $2
  ) end as checkpoints
from (
  select coalesce(sum(octet_length(k.node_id) + coalesce(octet_length(k.sealed), 0) + $4::integer), 0) as bytes
  from run_checkpoint k where k.org_id = $1 and k.run_id = $2
) s`;

const DEPLOYMENTS_WITH_WORK = `with recursive work as (
  (select l.org_id, l.project_id, l.deployment_id from run_live l where l.is_queued
   order by l.org_id, l.project_id, l.deployment_id limit 1)
  union all
  select n.org_id, n.project_id, n.deployment_id
  from work w cross join lateral (
    select l.org_id, l.project_id, l.deployment_id from run_live l
    where l.is_queued and (l.org_id, l.project_id, l.deployment_id) > (w.org_id, w.project_id, w.deployment_id)
    order by l.org_id, l.project_id, l.deployment_id limit 1
  ) n
)
select org_id as "organizationId", project_id as "projectId", deployment_id as "deploymentId" from work`;
