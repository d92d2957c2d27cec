import { mkdirSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { projectRoot } from '#libs/config';
import { EmbeddedPostgres, prepareDatabase } from '#libs/database';
import type { JsonObject } from '#libs/kernel';
import { echoFlow, KafkaBroker, type Role, TEST_PASSWORDS, type Tenant, TestCell } from '#libs/testing';
import { type Counters, noCounters } from './counted.ts';
import { runTarget, type Target } from './load.ts';
import type { Measurable } from './measurable.ts';
import { childrenOf, postmaster } from './processes.ts';

/** The four roles as processes, with a broker and a database of their own, all below this process. */
export class KafkaCell implements Measurable {
  private echoTarget: Target | undefined;

  private constructor(
    readonly cell: TestCell,
    readonly databaseUrl: string,
    readonly broker: KafkaBroker,
    private readonly postgres: EmbeddedPostgres,
    private readonly directory: string,
    private readonly admin: pg.Client,
  ) {}

  static async start(directory: string): Promise<KafkaCell> {
    const postgres = new EmbeddedPostgres({ directory: join(directory, 'postgres'), isDurable: true });
    const broker = new KafkaBroker({ directory: join(directory, 'kafka') });
    const [databaseUrl, address] = await Promise.all([postgres.start(), broker.start()]);
    await prepareDatabase(
      databaseUrl,
      TEST_PASSWORDS,
      join(projectRoot(), 'prisma', 'migrations'),
      async () => undefined,
    );
    const sockets = join(directory, 'counted');
    mkdirSync(sockets);
    const cell = await TestCell.create({
      brokers: [address],
      databaseUrl,
      env: {
        HEADGATE_LOG_LEVEL: 'error',
        HEADGATE_MAX_RUNNERS: '8',
        HEADGATE_PREWARMED_RUNNERS: '2',
        HEADGATE_BENCH_SOCKETS: sockets,
        NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'role-counted.js')).href} ${process.env['HEADGATE_BENCH_NODE_OPTIONS'] ?? ''}`,
      },
    });
    const admin = new pg.Client({ connectionString: databaseUrl });
    await admin.connect();
    return new KafkaCell(cell, databaseUrl, broker, postgres, directory, admin);
  }

  get parts(): Record<Role | 'broker' | 'Postgres', number[]> {
    const of = (role: Role) => this.cell.of(role).flatMap(({ isUp, pid }) => (isUp ? [pid] : []));
    const roles = {
      gateway: of('gateway'),
      conductor: of('conductor'),
      executor: of('executor'),
      recorder: of('recorder'),
    };
    const Postgres = [postmaster(this.directory)];
    const known = new Set([...Object.values(roles), Postgres].flat());
    return { ...roles, broker: childrenOf(process.pid).filter((pid) => !known.has(pid)), Postgres };
  }

  async echo(): Promise<Target> {
    this.echoTarget ??= await this.deploy(await this.cell.tenant(), 'echo', echoFlow());
    return this.echoTarget;
  }

  async deploy(tenant: Tenant, name: string, definition: JsonObject, waitSeconds?: number): Promise<Target> {
    return runTarget(this.cell.gatewayUrl, await tenant.deploy(name, definition), waitSeconds);
  }

  /** Of all its processes together. */
  async counters(): Promise<Counters> {
    const up = this.cell.processes.filter(({ isUp }) => isUp);
    const sum = noCounters();
    for (const one of await Promise.all(up.map(({ pid }) => this.countersOf(pid)))) {
      sum.statements += one.statements;
      sum.commits += one.commits;
      sum.messages += one.messages;
      sum.requests += one.requests;
      sum.handOffsMs.push(...one.handOffsMs);
      sum.firstWordsMs.push(...one.firstWordsMs);
    }
    return sum;
  }

  async noExecutors(): Promise<void> {
    await Promise.all(this.cell.of('executor').map((one) => one.end()));
  }

  /** One for each environment. */
  async startExecutors(envs: readonly Record<string, string>[]): Promise<void> {
    await Promise.all(envs.map((env) => this.cell.start('executor', env)));
  }

  async isSo(question: string, values: unknown[] = []): Promise<boolean> {
    return (await this.admin.query<{ so: boolean }>(`select ${question} as so`, values)).rows[0]?.so === true;
  }

  /** From accept to end by the database, of all runs of deployments of a name that have succeeded; sorted. */
  async tookMs(name: string): Promise<number[]> {
    const { rows } = await this.admin.query<{ ms: number }>(
      `select (extract(epoch from run.finished_at - run.created_at) * 1000)::float8 as ms from run
        join deployment d on d.org_id = run.org_id and d.id = run.deployment_id
        where d.name = $1 and run.status = 'succeeded' order by 1`,
      [name],
    );
    return rows.map(({ ms }) => ms);
  }

  async end(): Promise<void> {
    await this.admin.end();
    await this.cell.dispose();
    await this.broker.stop();
    await this.postgres.stop();
  }

  private countersOf(pid: number): Promise<Counters> {
    const socketPath = join(this.directory, 'counted', `${pid}.sock`);
    return new Promise((resolve, reject) => {
      get({ socketPath }, async (answer) => {
        const text = (await answer.setEncoding('utf8').toArray()).join('');
        resolve(JSON.parse(text) as Counters);
      }).once('error', reject);
    });
  }
}
