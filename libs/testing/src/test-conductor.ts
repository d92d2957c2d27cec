import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { FileBlobStore } from '#libs/blobs';
import { type Delivery, DONE, EmbeddedBus, type EmbeddedBusOptions, type Outcome, oneByOne } from '#libs/bus';
import { type Assignment, ExecutorStatus, type ExecutorStatusData, TOPICS } from '#libs/contracts';
import { type KeyProvider, LocalKeyProvider, sealSecret } from '#libs/crypto';
import { isOutage } from '#libs/database';
import { newId, SystemClock } from '#libs/kernel';
import { createLogger } from '#libs/telemetry';
import { Conductor, type ConductorOptions } from '../../../apps/conductor/src/conductor.ts';
import type { Term } from '../../../apps/conductor/src/term.ts';
import { executorStatus } from './executor-status.ts';
import {
  acquaint,
  type OpenedCommand,
  openCommand,
  playExecutor,
  roadOf,
  TEST_POOL_KEY,
} from './played-executors.ts';
import { type RunRef, SqlRuns } from './sql-runs.ts';
import { until } from './until.ts';

/** A version of a flow, in an environment of an organization with a key: what a run is of. */
export interface Runnable {
  organizationId: string;
  projectId: string;
  environmentId: string;
  deploymentId: string;
  flowId: string;
  versionId: string;
}

const CELL_KEY = Buffer.alloc(32, 7);

/** A conductor on a database and a bus of its own; its executors are played by the test. */
export class TestConductor {
  /** What executors were told, in the order in which it was said. */
  readonly commands: OpenedCommand[] = [];
  /** What executors last said of themselves: they say it again to who leads next. */
  private readonly reports = new Map<string, Partial<ExecutorStatusData>>();
  private readonly keks = new Map<string, { id: string; key: Buffer }>();
  private readonly others: Conductor[] = [];
  private isStarted = false;

  private constructor(
    readonly runs: SqlRuns,
    readonly bus: EmbeddedBus,
    private readonly blobs: FileBlobStore,
    private readonly directory: string,
    private readonly keys: KeyProvider,
    readonly conductor: Conductor,
  ) {}

  /** Its session is open; consumers and timers begin with `start`. */
  static async create(
    options: EmbeddedBusOptions = {},
    more: Pick<ConductorOptions, 'begin' | 'executorsOutlive'> = {},
  ): Promise<TestConductor> {
    const runs = await SqlRuns.create();
    // one conducts
    await runs['leadership'].close();
    const bus = new EmbeddedBus({ partitions: 4, ...options });
    const keys = new LocalKeyProvider(randomBytes(32));
    const directory = mkdtempSync(join(tmpdir(), 'headgate-conductor-'));
    const blobs = new FileBlobStore({
      directory,
      baseUrl: () => 'http://gateway',
      signingKey: randomBytes(32),
      clock: new SystemClock(),
    });
    const conductor = new Conductor({
      bus,
      databaseUrl: runs.database.url('hg_conductor'),
      blobs,
      keys,
      cellKey: CELL_KEY,
      poolKey: TEST_POOL_KEY,
      log: createLogger('test', 'silent'),
      ...more,
    });
    const test = new TestConductor(runs, bus, blobs, directory, keys, conductor);
    await bus.subscribe({
      reader: 'executors',
      topic: TOPICS.executorCommand,
      group: 'alone',
      handle: oneByOne((delivery) => test.hear(delivery)),
    });
    const session = await conductor['leadership'].start();
    if (session) conductor['take'](session);
    return test;
  }

  /** What it knows and does as the one who leads. */
  get term(): Term {
    const term = this.conductor['term'];
    if (!term) throw new Error('the conductor does not lead');
    return term;
  }

  async start(): Promise<void> {
    this.isStarted = true;
    await this.term.start();
  }

  /** Another conductor of the same database, on the same bus. */
  another(): Conductor {
    const other = new Conductor(this.conductor['options']);
    this.others.push(other);
    return other;
  }

  async dispose(): Promise<void> {
    for (const other of this.others) await other.stop();
    if (this.isStarted) await this.conductor.stop();
    else await this.conductor['leadership'].close();
    await this.bus.close();
    await this.runs.dispose();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** A version of a new organization, whose plan reads these variables. */
  async runnable(variables: readonly string[] = [], wrapped?: string): Promise<Runnable> {
    const organizationId = newId();
    await this.runs.addOrganization(organizationId);
    await this.addKek(organizationId, wrapped);
    const [projectId, environmentId, deploymentId, flowId, versionId] = Array.from({ length: 5 }, newId);
    if (!projectId || !environmentId || !deploymentId || !flowId || !versionId) throw new Error('no id');
    const { database } = this.runs;
    const name = [organizationId, 'plan'];
    await database.rows(`insert into project (org_id, id, name) values ($1, $2, 'p')`, [
      organizationId,
      projectId,
    ]);
    await database.rows(
      `insert into environment (org_id, id, project_id, name, position, is_default) values ($1, $2, $3, 'e', 1, true)`,
      [organizationId, environmentId, projectId],
    );
    await database.rows(`insert into flow (org_id, id, project_id, name) values ($1, $2, $3, 'f')`, [
      organizationId,
      flowId,
      projectId,
    ]);
    await database.rows('insert into blob (org_id, hash, size) values ($1, $2, 1)', name);
    await database.rows(
      `insert into version (org_id, id, flow_id, number, content_hash, definition, plan_hash, report)
       values ($1, $2, $3, 1, 'content', '{}', 'plan', $4)`,
      [
        organizationId,
        versionId,
        flowId,
        JSON.stringify({ variables: variables.map((one) => ({ name: one })) }),
      ],
    );
    return { organizationId, projectId, environmentId, deploymentId, flowId, versionId };
  }

  /** A key of an organization, which then is the one in use. */
  async addKek(organizationId: string, wrapped?: string): Promise<string> {
    const kek = { id: newId(), key: randomBytes(32) };
    this.keks.set(organizationId, kek);
    await this.runs.database.rows(
      'update kek set retired_at = now() where org_id = $1 and retired_at is null',
      [organizationId],
    );
    await this.runs.database.rows('insert into kek (org_id, id, wrapped) values ($1, $2, $3)', [
      organizationId,
      kek.id,
      wrapped ?? (await this.keys.wrap(organizationId, kek.id, kek.key)),
    ]);
    return kek.id;
  }

  async setVariable({ organizationId, projectId, environmentId }: Runnable, name: string, value: string) {
    await this.runs.database.rows(
      `insert into variable (org_id, id, project_id, environment_id, name, value) values ($1, $2, $3, $4, $5, $6)
       on conflict (org_id, environment_id, name) do update set value = excluded.value`,
      [organizationId, newId(), projectId, environmentId, name, JSON.stringify(value)],
    );
  }

  async setSecret({ organizationId, projectId, environmentId }: Runnable, name: string, value: string) {
    const kek = this.keks.get(organizationId);
    if (!kek) throw new Error('the organization has no key');
    const secretId = newId();
    await this.runs.database.rows(
      `insert into variable (org_id, id, project_id, environment_id, name, secret_version, allowed_hosts)
       values ($1, $2, $3, $4, $5, 1, '{api.example.com}')`,
      [organizationId, secretId, projectId, environmentId, name],
    );
    await this.runs.database.rows(
      'insert into secret_version (org_id, secret_id, version, kek_id, envelope) values ($1, $2, 1, $3, $4)',
      [organizationId, secretId, kek.id, sealSecret(kek, { organizationId, secretId, version: 1 }, value)],
    );
  }

  /** A run in the table and in the queue in memory. */
  async queue(runnable: Runnable, more: Parameters<SqlRuns['queued']>[0] = {}): Promise<RunRef> {
    const ref = await this.runs.queued({ ...runnable, ...more });
    this.term['queue'].add({ ...runnable, runId: ref.runId });
    return ref;
  }

  /** A run whose first attempt this executor has. */
  async assigned(runnable: Runnable, executorId: string): Promise<RunRef> {
    const ref = await this.queue(runnable);
    this.heard({ executorId });
    await this.place();
    if (!this.term.claims.get(ref.runId)) throw new Error('the run could not be placed');
    return ref;
  }

  status(more: Partial<ExecutorStatusData> = {}): ExecutorStatusData {
    const term = this.conductor['term']?.session.term ?? 0;
    return executorStatus({ executorId: playExecutor(), maxRunners: 4, slotsPerRunner: 8, term, ...more });
  }

  /** An executor that can take runs from now on. */
  heard(more: Partial<ExecutorStatusData> = {}): string {
    const status = this.status(more);
    const roads = this.term['roads'];
    if (!roads.keysOf(status.executorId)) acquaint(roads, roadOf(status.executorId));
    this.term['executors'].heard(status);
    return status.executorId;
  }

  /** The same by the bus. */
  async report(more: Partial<ExecutorStatusData>): Promise<void> {
    const { executorId = playExecutor() } = more;
    const road = roadOf(executorId);
    this.reports.set(executorId, more);
    const status = this.status({ term: road.term, ...more, executorId });
    await this.bus.publish([road.say(ExecutorStatus.encode(null, status))]);
  }

  private async hear(delivery: Delivery): Promise<Outcome> {
    const executorId = delivery.headers['executorid'] ?? '';
    const road = roadOf(executorId);
    const { term } = road;
    const refused = road.hear(delivery);
    const report = this.reports.get(executorId);
    if (road.term > term && report) await this.report({ ...report, executorId });
    if (refused) return refused;
    const command = await openCommand(delivery.value, async (url) => {
      const [, key = ''] = new URL(url).pathname.split('/blobs/');
      return buffer(await this.blobs.get(key));
    });
    this.commands.push(command);
    return DONE;
  }

  /** Places what can be placed, and resolves when that is done. */
  async place(): Promise<void> {
    const placer = this.term['placer'];
    placer.pump();
    await until('the placer rests', () => !placer['isPumping']);
  }

  /** A sweep, again while its connection is lost. */
  async sweep(): Promise<void> {
    await until('a sweep', async () => {
      try {
        await this.term['sweep'].run();
        return true;
      } catch (cause) {
        if (!isOutage(cause)) throw cause;
        return false;
      }
    });
  }

  assignments(): Assignment[] {
    return this.commands.flatMap((command) => (command.kind === 'assign' ? [command.assignment] : []));
  }

  /** Resolves with what the conductor has told executors, once it is that much. */
  async told<Kind extends OpenedCommand['kind']>(kind: Kind, count = 1) {
    return until(`${count} commands "${kind}"`, () => {
      const found = this.commands.filter((command) => command.kind === kind);
      return found.length >= count && (found as Extract<OpenedCommand, { kind: Kind }>[]);
    });
  }
}
