import type { ClientBase, Pool } from 'pg';
import type { Login } from '#libs/database';
import { dayOfId, newId } from '#libs/kernel';
import { type Append, type Appended, appendCall, type NewRun, RunAcceptor } from '#libs/runs';
import { createLogger } from '#libs/telemetry';
import { Leadership } from '../../../apps/conductor/src/leader/leadership.ts';
import type { LeaderSession } from '../../../apps/conductor/src/leader/session.ts';
import { QueueStore } from '../../../apps/conductor/src/queue/queue.store.ts';
import { SqlDatabase } from './sql-database.ts';
import type { LogRow } from './sql-log.ts';
import { until } from './until.ts';

export interface RunRef {
  organizationId: string;
  runId: string;
}

export interface LiveRun {
  status: string;
  attempt: number;
  failures: number;
  last_n: number;
  last_seq: number;
  broken: boolean;
  started_at: Date | null;
  cancel_requested_at: Date | null;
  not_before: Date | null;
  input_tokens: string;
  output_tokens: string;
}

export interface EndedRun {
  status: string | null;
  attempt: number | null;
  last_n: number | null;
  last_seq: number | null;
  output: string | null;
  error: string | null;
  usage: string | null;
  started_at: Date | null;
  finished_at: Date | null;
  cancel_requested_at: Date | null;
}

/** A call whose transaction is open: what it locks stays locked until it is committed. */
export interface OpenCall {
  appended: Appended[][];
  commit(): Promise<void>;
}

type WritingLogin = 'hg_gateway' | 'hg_conductor' | 'hg_recorder';

/** The run path without its apps: runs are accepted, claimed and written as the apps do it, each under its login. */
export class SqlRuns {
  private constructor(
    readonly database: SqlDatabase,
    readonly organizationId: string,
    readonly acceptor: RunAcceptor,
    private readonly pools: Record<WritingLogin, Pool>,
    private readonly leadership: Leadership,
    private readonly session: LeaderSession,
  ) {}

  static async create(): Promise<SqlRuns> {
    const database = await SqlDatabase.create();
    const pool = (login: Login) => database.pool(login, 6);
    const pools = {
      hg_gateway: pool('hg_gateway'),
      hg_conductor: pool('hg_conductor'),
      hg_recorder: pool('hg_recorder'),
    };
    const leadership = new Leadership({
      url: database.url('hg_conductor'),
      begin: 'refuse',
      led: () => undefined,
      reconnected: () => undefined,
      lost: () => undefined,
      log: createLogger('test', 'silent'),
    });
    const session = await leadership.start();
    if (!session) throw new Error('another leads');
    const runs = new SqlRuns(
      database,
      newId(),
      new RunAcceptor(pools.hg_gateway),
      pools,
      leadership,
      session,
    );
    await runs.addOrganization(runs.organizationId);
    return runs;
  }

  async dispose(): Promise<void> {
    await this.leadership.close();
    await this.database.dispose();
  }

  pool(login: WritingLogin): Pool {
    return this.pools[login];
  }

  async addOrganization(id: string): Promise<void> {
    await this.database.rows('insert into organization (org_id, name) values ($1, $2)', [id, id]);
  }

  /** A run that is not yet accepted. */
  newRun(more: Partial<NewRun> = {}): NewRun {
    return {
      organizationId: this.organizationId,
      id: newId(),
      projectId: newId(),
      environmentId: newId(),
      deploymentId: newId(),
      flowId: newId(),
      versionId: newId(),
      sessionId: 'session',
      endUserId: null,
      keyId: newId(),
      userId: null,
      input: null,
      inputHash: null,
      metadata: null,
      timeoutSeconds: 600,
      ttlSeconds: 3_600,
      idempotency: null,
      ...more,
    };
  }

  /** A run in the queue. */
  async queued(more: Partial<NewRun> = {}): Promise<RunRef> {
    const run = this.newRun(more);
    const { runId } = await this.acceptor.accept(run);
    return { organizationId: run.organizationId, runId };
  }

  /** A run whose first attempt an executor has. */
  async assigned(more: Partial<NewRun> = {}): Promise<RunRef> {
    const ref = await this.queued(more);
    await this.claim(ref);
    return ref;
  }

  /** Gives the run to an executor; resolves with its attempt. */
  async claim(ref: RunRef): Promise<number> {
    await this.database.rows('update run_live set not_before = null where run_id = $1', [ref.runId]);
    const run = { ...ref, projectId: newId(), deploymentId: newId() };
    const [claimed] = await new QueueStore(this.session).claim([
      { run, executorId: newId(), kekId: newId() },
    ]);
    if (!claimed) throw new Error('the run could not be claimed');
    return claimed.attempt;
  }

  /** Writes as an app does; the answers are per append and event. */
  async append(login: WritingLogin, ...appends: Append[]): Promise<Appended[][]> {
    const { appended, commit } = await this.open(login, appends);
    await commit();
    return appended;
  }

  /** The same for one append, its answers in short. */
  async outcomes(login: WritingLogin, append: Append): Promise<string[]> {
    const [appended] = await this.append(login, append);
    return (appended ?? []).map(({ outcome }) => outcome);
  }

  /** Writes, and leaves the transaction open. The gateway does so for a tenant, the others for all. */
  async open(login: WritingLogin, appends: Append[], tenant = appends[0]?.organizationId): Promise<OpenCall> {
    const client = await this.pools[login].connect();
    try {
      await client.query('begin');
      if (login === 'hg_gateway') {
        await client.query(`select set_config('app.org_id', $1, true)`, [tenant]);
      }
      const appended = await call(client, appends);
      const commit = async () => {
        await client.query('commit');
        client.release();
      };
      return { appended, commit };
    } catch (cause) {
      await client.query('rollback');
      client.release();
      throw cause;
    }
  }

  /** Resolves once so many connections wait for a lock that another holds. */
  async blocked(count = 1): Promise<void> {
    await until(`${count} connections wait for a lock`, async () => {
      const [row] = await this.database.rows<{ waiting: number }>(
        `select count(*)::integer as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return (row?.waiting ?? 0) >= count;
    });
  }

  async live({ runId }: RunRef): Promise<LiveRun | undefined> {
    const [row] = await this.database.rows<LiveRun>('select * from run_live where run_id = $1', [runId]);
    return row;
  }

  /** The run's row, which says nothing before its end. */
  async row({ runId }: RunRef): Promise<EndedRun> {
    const [row] = await this.database.rows<EndedRun>(
      `select status, attempt, last_n, last_seq, output::text as output, error::text as error, usage::text as usage, started_at,
         finished_at, cancel_requested_at
       from run where id = $1`,
      [runId],
    );
    if (!row) throw new Error('there is no such run');
    return row;
  }

  /** How many rows of a table belong to a run. */
  async count(table: 'message' | 'run_checkpoint' | 'usage_entry', { runId }: RunRef): Promise<number> {
    const [row] = await this.database.rows<{ count: number }>(
      `select count(*)::integer as count from ${table} where run_id = $1`,
      [runId],
    );
    return row?.count ?? 0;
  }

  log({ organizationId, runId }: RunRef): Promise<LogRow[]> {
    return this.database.rows<LogRow>(
      `select seq, attempt, n, type, at, data::text as data from run_event
       where run_day = $1 and org_id = $2 and run_id = $3 order by seq`,
      [dayOfId(runId), organizationId, runId],
    );
  }
}

async function call(client: ClientBase, appends: readonly Append[]): Promise<Appended[][]> {
  const { sql, values, read } = appendCall(appends);
  const { rows } = await client.query({ name: 'append_events', text: `select * from ${sql}`, values });
  return read(rows);
}
