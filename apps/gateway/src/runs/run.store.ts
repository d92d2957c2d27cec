import { Injectable } from '@nestjs/common';
import { Prisma, type TenantTransaction } from '#libs/database';
import { DEFAULTS, holds, type Principal, type RunState, type Scope } from '#libs/domain';
import { AppError, dayOfId } from '#libs/kernel';
import { type Append, type Appended, appendCall, eventText } from '#libs/runs';
import type { RunQuery } from './run.schema.ts';

/** A run as the tables hold it; payloads as JSON text. */
export interface RunRow {
  id: string;
  projectId: string;
  deploymentId: string;
  flowId: string;
  versionId: string;
  environmentId: string;
  state: RunState;
  attempt: number;
  sessionId: string;
  endUserId: string | null;
  keyId: string | null;
  userId: string | null;
  input: string | null;
  inputHash: string | null;
  metadata: string | null;
  output: string | null;
  error: string | null;
  usage: string | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  cancelRequestedAt: Date | null;
  expiresAt: Date;
  lastSeq: number;
}

export interface EventText {
  seq: number;
  type: string;
  /** The event as clients get it, as JSON. */
  text: string;
}

const COLUMNS = Prisma.sql`r.id, r.project_id as "projectId", r.deployment_id as "deploymentId", r.flow_id as "flowId", r.version_id as "versionId",
  r.environment_id as "environmentId", coalesce(l.status, r.status) as state, coalesce(l.attempt, r.attempt) as attempt,
  r.session_id as "sessionId", r.end_user_id as "endUserId", r.key_id as "keyId", r.user_id as "userId",
  r.input::text as input, r.input_hash as "inputHash", r.metadata::text as metadata, r.output::text as output, r.error::text as error,
  r.usage::text as usage, r.created_at as "createdAt", coalesce(l.started_at, r.started_at) as "startedAt", r.finished_at as "finishedAt",
  coalesce(l.cancel_requested_at, r.cancel_requested_at) as "cancelRequestedAt", r.expires_at as "expiresAt",
  coalesce(l.last_seq, r.last_seq) as "lastSeq"`;
const TABLES = Prisma.sql`run r left join run_live l on l.org_id = r.org_id and l.run_id = r.id`;
/** What of a run may be large. */
const BYTES = Prisma.join(
  ['input', 'metadata', 'output', 'error'].map((name) =>
    Prisma.raw(`coalesce(octet_length(r.${name}::text), 0)`),
  ),
  ' + ',
);

@Injectable()
export class RunStore {
  async get(tx: TenantTransaction, id: string): Promise<RunRow> {
    const [row] = await tx.$queryRaw<RunRow[]>`select ${COLUMNS} from ${TABLES} where r.id = ${id}::uuid`;
    if (!row) throw new AppError('resource.not_found');
    return row;
  }

  /** Whose run it is, for the check of a permission. */
  async scope(tx: TenantTransaction, id: string): Promise<Scope> {
    const run = await tx.run.findFirst({
      where: { id },
      select: { deploymentId: true, keyId: true, userId: true },
    });
    if (!run) throw new AppError('resource.not_found');
    return { kind: 'run', ...run };
  }

  /** The newest first, and only those that the principal may see; up to `limit`, or until they are a large page. */
  async list(
    tx: TenantTransaction,
    principal: Principal,
    query: RunQuery,
  ): Promise<{ rows: RunRow[]; hasMore: boolean }> {
    const conditions = [...filters(query), ...visible(principal)];
    const where =
      conditions.length > 0 ? Prisma.sql`where ${Prisma.join(conditions, ' and ')}` : Prisma.empty;
    const rows = await tx.$queryRaw<(RunRow & { hasMore: boolean })[]>`
      with listed as (
        select r.org_id, r.id, ${BYTES} as bytes from ${TABLES} ${where} order by r.id desc limit ${query.limit + 1}
      ), placed as (
        select org_id, id, sum(bytes) over newest - bytes as "bytesBefore", row_number() over newest as place,
          lead(id) over newest is not null as "hasMore"
        from listed window newest as (order by id desc)
      )
      select ${COLUMNS}, p."hasMore" from ${TABLES} join placed p on p.org_id = r.org_id and p.id = r.id
      where p.place <= ${query.limit} and p."bytesBefore" < ${DEFAULTS.pageBytes} order by r.id desc`;
    return { rows, hasMore: rows.at(-1)?.hasMore ?? false };
  }

  async events(tx: TenantTransaction, runId: string, after: number, limit: number): Promise<EventText[]> {
    const rows = await tx.$queryRaw<{ seq: number; attempt: number; type: string; at: Date; data: string }[]>`
      select seq, attempt, type, at, data::text as data from run_event
      where run_day = ${dayOfId(runId)}::date and run_id = ${runId}::uuid and seq > ${after} order by seq limit ${limit}`;
    return rows.map(({ seq, attempt, type, at, data }) => ({
      seq,
      type,
      text: eventText(attempt, type, data, seq, at),
    }));
  }

  async append(tx: TenantTransaction, append: Append): Promise<Appended[]> {
    const { sql, values, read } = appendCall([append]);
    return read(await tx.$queryRawUnsafe<unknown[]>(`select * from ${sql}`, ...values))[0] ?? [];
  }

  async addBlob(tx: TenantTransaction, blob: { orgId: string; hash: string; size: number }): Promise<void> {
    await tx.blob.createMany({ data: [{ ...blob, size: BigInt(blob.size) }], skipDuplicates: true });
  }
}

function filters({ cursor, deploymentId, sessionId, status, from, to }: RunQuery): Prisma.Sql[] {
  const conditions: Prisma.Sql[] = [];
  if (cursor !== undefined) conditions.push(Prisma.sql`r.id < ${cursor}::uuid`);
  if (deploymentId !== undefined) conditions.push(Prisma.sql`r.deployment_id = ${deploymentId}::uuid`);
  if (sessionId !== undefined) conditions.push(Prisma.sql`r.session_id = ${sessionId}`);
  if (from !== undefined) conditions.push(Prisma.sql`r.created_at >= ${from}::timestamptz`);
  if (to !== undefined) conditions.push(Prisma.sql`r.created_at < ${to}::timestamptz`);
  if (status !== undefined) conditions.push(statusCondition(status));
  return conditions;
}

function statusCondition(status: NonNullable<RunQuery['status']>): Prisma.Sql {
  switch (status) {
    case 'active':
      return Prisma.sql`l.run_id is not null`;
    case 'cancelling':
      return Prisma.sql`l.cancel_requested_at is not null`;
    case 'queued':
      return Prisma.sql`l.status in ('queued', 'assigned') and l.cancel_requested_at is null`;
    case 'running':
    case 'waiting':
      return Prisma.sql`l.status = ${status} and l.cancel_requested_at is null`;
    default:
      return Prisma.sql`r.status = ${status}`;
  }
}

function visible(principal: Principal): Prisma.Sql[] {
  const seesAll = holds(principal, 'run:read_all');
  if (principal.kind === 'user') return seesAll ? [] : [Prisma.sql`r.user_id = ${principal.id}::uuid`];
  const within = Prisma.sql`r.deployment_id = any(${[...principal.deploymentIds]}::uuid[])`;
  return seesAll ? [within] : [within, Prisma.sql`r.key_id = ${principal.id}::uuid`];
}
