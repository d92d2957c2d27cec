import { isRefusal, type Pool } from '#libs/database';
import { dayOfId, Gather } from '#libs/kernel';

export interface NewRun {
  organizationId: string;
  id: string;
  projectId: string;
  environmentId: string;
  deploymentId: string;
  flowId: string;
  versionId: string;
  sessionId: string;
  endUserId: string | null;
  keyId: string | null;
  userId: string | null;
  /** JSON text. */
  input: string | null;
  /** Instead, the blob of an input that is too large to stand in the row. */
  inputHash: string | null;
  metadata: string | null;
  timeoutSeconds: number;
  ttlSeconds: number;
  idempotency: { route: string; key: string; bodyHash: Buffer } | null;
}

export interface Acceptance {
  runId: string;
  /** False where the idempotency key had already made this run. */
  isNew: boolean;
  isSameBody: boolean;
  acceptedAt: Date;
}

type Settled = Acceptance | { cause: unknown };

const MAX_TOGETHER = 200;

/**
 * Makes runs durable. Nothing of a run exists before, and it cannot be lost after. Runs that come in while a commit is
 * under way share the next one.
 */
export class RunAcceptor {
  private readonly gather = new Gather<NewRun, Settled>((runs) => this.acceptAll(runs), MAX_TOGETHER);

  constructor(private readonly pool: Pool) {}

  async accept(run: NewRun): Promise<Acceptance> {
    const settled = await this.gather.add(run);
    if ('cause' in settled) throw settled.cause;
    return settled;
  }

  private async acceptAll(runs: NewRun[]): Promise<Settled[]> {
    try {
      return await this.acceptTogether(runs);
    } catch (cause) {
      if (runs.length === 1 || !isRefusal(cause)) throw cause;
      // one of them cannot be accepted; the others must not notice
      return Promise.all(runs.map((run) => this.acceptAlone(run)));
    }
  }

  private async acceptAlone(run: NewRun): Promise<Settled> {
    try {
      const [acceptance] = await this.acceptTogether([run]);
      return acceptance ?? { cause: new Error('accept_runs gave no row') };
    } catch (cause) {
      return { cause };
    }
  }

  private async acceptTogether(runs: readonly NewRun[]): Promise<Acceptance[]> {
    const { rows } = await this.pool.query<{
      run_id: string;
      is_new: boolean;
      is_same_body: boolean;
      accepted_at: Date;
    }>({ name: 'accept_runs', text: ACCEPT, values: COLUMNS.map((column) => runs.map(column)) });
    return rows.map((row) => ({
      runId: row.run_id,
      isNew: row.is_new,
      isSameBody: row.is_same_body,
      acceptedAt: row.accepted_at,
    }));
  }
}

/** In the order of the routine's parameters. */
const COLUMNS: ((run: NewRun) => unknown)[] = [
  (run) => run.organizationId,
  (run) => run.id,
  (run) => dayOfId(run.id),
  (run) => run.projectId,
  (run) => run.environmentId,
  (run) => run.deploymentId,
  (run) => run.flowId,
  (run) => run.versionId,
  (run) => run.sessionId,
  (run) => run.endUserId,
  (run) => run.keyId,
  (run) => run.userId,
  (run) => run.input,
  (run) => run.inputHash,
  (run) => run.metadata,
  (run) => run.timeoutSeconds,
  (run) => run.ttlSeconds,
  (run) => run.idempotency?.route ?? null,
  (run) => run.idempotency?.key ?? null,
  (run) => run.idempotency?.bodyHash ?? null,
];

const ACCEPT = `select * from accept_runs(${COLUMNS.map((_, index) => `$${index + 1}`).join(',')})`;
