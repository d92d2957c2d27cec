import type { RunUsage } from '#libs/contracts';
import { type Append, type Appended, appendCall, usageOf } from '#libs/runs';
import type { LeaderSession } from '../leader/session.ts';

export interface LiveRow {
  organizationId: string;
  projectId: string;
  deploymentId: string;
  runId: string;
  status: string;
  attempt: number;
  failures: number;
  executorId: string | null;
  broken: boolean;
  timeoutSeconds: number;
}

export interface Overdue extends LiveRow {
  why: 'cancel' | 'broken' | 'expired';
  secondsSinceCancel: number | null;
}

/** What the conductor reads and writes of live runs, on the leader's session. */
export class LeaseStore {
  constructor(private readonly session: LeaderSession) {}

  async append(append: Append): Promise<Appended[]> {
    const { sql, values, read } = appendCall([append]);
    const rows = await this.session.query({ name: 'append_events', text: `select * from ${sql}`, values });
    return read(rows)[0] ?? [];
  }

  async live(organizationId: string, runId: string): Promise<LiveRow | undefined> {
    const rows = await this.session.query<LiveRow>({
      name: 'live',
      text: `select ${LIVE} from run_live l where l.org_id = $1 and l.run_id = $2`,
      values: [organizationId, runId],
    });
    return rows[0];
  }

  /** Of these runs those that an executor has. */
  heldBy(executorId: string, runs: readonly { organizationId: string; runId: string }[]): Promise<LiveRow[]> {
    return this.session.query<LiveRow>({
      name: 'held_by',
      text: `select ${LIVE} from unnest($2::uuid[], $3::uuid[]) as w (org_id, run_id)
               join run_live l on l.org_id = w.org_id and l.run_id = w.run_id
             where l.executor_id = $1 and l.status in ('assigned', 'running')`,
      values: [executorId, runs.map(({ organizationId }) => organizationId), runs.map(({ runId }) => runId)],
    });
  }

  /** Runs that an executor has, as the table says. */
  assigned(): Promise<LiveRow[]> {
    return this.session.query<LiveRow>({
      name: 'assigned',
      text: `select ${LIVE} from run_live l where l.status in ('assigned', 'running')`,
    });
  }

  /** Live runs that wait for a decision: to be cancelled, broken by a hole, too long in the queue without ever having left it. */
  overdue(): Promise<Overdue[]> {
    return this.session.query<Overdue>({
      name: 'overdue',
      text: `(select ${LIVE}, 'cancel' as why, extract(epoch from now() - l.cancel_requested_at)::float8 as "secondsSinceCancel"
              from run_live l where l.cancel_requested_at is not null limit 1000)
             union all (select ${LIVE}, 'broken', null from run_live l where l.broken limit 1000)
             union all (select ${LIVE}, 'expired', null from run_live l where l.is_queued and l.attempt = 0 and l.expires_at < now() order by l.expires_at limit 1000)`,
    });
  }

  /** What a live run has spent so far. */
  async usageOf(organizationId: string, runId: string): Promise<RunUsage | undefined> {
    const { read, ...statement } = usageOf(organizationId, runId);
    return read(await this.session.query(statement));
  }

  /** Whether the recorder has come past these places. */
  async isRecorderPast(topic: string, offsets: Record<string, number>): Promise<boolean> {
    const partitions = Object.keys(offsets).map(Number);
    if (partitions.length === 0) return true;
    const rows = await this.session.query<{ behind: boolean }>({
      name: 'is_recorder_past',
      text: `select exists (
               select from unnest($2::integer[], $3::bigint[]) as w (partition, "offset")
                 left join recorder_position p on p.topic = $1 and p.partition = w.partition
               where p."offset" is null or p."offset" < w."offset"
             ) as behind`,
      values: [topic, partitions, partitions.map((partition) => offsets[partition])],
    });
    return rows[0]?.behind === false;
  }
}

const LIVE = `l.org_id as "organizationId", l.project_id as "projectId", l.deployment_id as "deploymentId", l.run_id as "runId",
  l.status, l.attempt, l.failures, l.executor_id as "executorId", l.broken,
  (select r.timeout_seconds from run r where r.org_id = l.org_id and r.id = l.run_id) as "timeoutSeconds"`;
