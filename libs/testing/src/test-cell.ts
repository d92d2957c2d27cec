import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { grantRoles, type KafkaSettings, setUpKafka } from '#libs/bus';
import { ensureKeysFile, LocalKeyProvider, readKeysFile } from '#libs/crypto';
import { createPool, Doors, type Login, loginUrl, type Pool } from '#libs/database';
import { newId } from '#libs/kernel';
import { createLogger } from '#libs/telemetry';
import { TokenIssuer } from '../../../apps/gateway/src/signin/token-issuer.ts';
import { freePort } from './broker-ports.ts';
import { DatabaseGate } from './database-gate.ts';
import type { KafkaBroker } from './kafka-broker.ts';
import { testBrokers } from './kafka-for-tests.ts';
import { createTestDatabase, TEST_PASSWORDS } from './postgres-for-tests.ts';
import { type Role, RoleProcess } from './role-process.ts';
import { type FrontDoor, makeTenant, type Tenant } from './tenants.ts';

const ROLES: readonly Role[] = ['gateway', 'conductor', 'recorder', 'executor'];
const PARTITIONS = 4;

export interface TestCellOptions {
  /** Not those that all test files share. */
  brokers?: readonly string[];
  /** One whose users are the roles: each connects as what it is, and is granted what it needs. */
  guarded?: KafkaBroker;
  databaseUrl?: string;
  /** The processes find the database behind a gate that can be shut. */
  hasGate?: boolean;
  env?: Record<string, string>;
}

/** A cell whose roles are processes, over a real Kafka and a database of its own. */
export class TestCell {
  readonly processes: RoleProcess[] = [];
  private readonly admin: Pool;
  private readonly auth: Pool;
  private readonly keysFile: string;
  /** All that an executor is given. */
  private readonly poolFile: string;
  /** Of the first gateway. */
  gatewayUrl = '';

  private constructor(
    readonly databaseUrl: string,
    readonly gate: DatabaseGate | undefined,
    private readonly directory: string,
    private readonly kafka: { brokers: readonly string[]; prefix: string; guarded?: KafkaBroker | undefined },
    private readonly env: Record<string, string>,
  ) {
    this.keysFile = join(directory, 'keys.json');
    this.poolFile = join(directory, 'pool.json');
    ensureKeysFile(this.keysFile);
    const { pool } = readKeysFile(this.keysFile, ['pool']);
    writeFileSync(this.poolFile, JSON.stringify({ pool: pool.toString('base64url') }), { mode: 0o600 });
    this.admin = createPool({ url: databaseUrl, size: 2, name: 'test' });
    this.auth = createPool({
      url: loginUrl(databaseUrl, 'hg_auth', TEST_PASSWORDS),
      size: 1,
      name: 'test',
    });
  }

  /** Nothing runs yet. */
  static async create({ env = {}, ...given }: TestCellOptions = {}): Promise<TestCell> {
    const databaseUrl = given.databaseUrl ?? (await createTestDatabase());
    const gate = given.hasGate ? await DatabaseGate.before(databaseUrl) : undefined;
    const { guarded } = given;
    const brokers = given.brokers ?? (guarded ? [guarded.address] : await testBrokers());
    const kafka = { brokers, prefix: `${newId()}.`, guarded };
    const log = createLogger('test', 'silent');
    const settings: KafkaSettings = {
      clientId: 'test',
      ...guarded?.settings(),
      brokers,
      prefix: kafka.prefix,
    };
    await setUpKafka(settings, PARTITIONS, log);
    const logins = ROLES.map((role) => ({ role, login: role }));
    if (guarded) await grantRoles(settings, logins, log);
    return new TestCell(databaseUrl, gate, mkdtempSync(join(tmpdir(), 'headgate-cell-')), kafka, env);
  }

  /** So many processes of each role. */
  async startAll(
    counts: Partial<Record<Role, number>> = {},
    /** Of each process, by how much the clock of its machine is wrong. */
    clockOffsetMs: (role: Role, index: number) => number = () => 0,
  ): Promise<void> {
    const made: RoleProcess[] = [];
    // one after another: the first gateway's address is known to the others
    for (const role of ROLES)
      for (let index = 0; index < (counts[role] ?? 1); index += 1)
        made.push(await this.make(role, { HEADGATE_TEST_CLOCK_OFFSET: String(clockOffsetMs(role, index)) }));
    await Promise.all(made.map((one) => one.start()));
  }

  of(role: Role): RoleProcess[] {
    return this.processes.filter((one) => one.role === role);
  }

  /** A process of a role, once it is ready. */
  async start(role: Role, env: Record<string, string> = {}): Promise<RoleProcess> {
    return (await this.make(role, env)).start();
  }

  /** A process of a role that is not started. */
  async make(role: Role, env: Record<string, string> = {}): Promise<RoleProcess> {
    const port = await freePort();
    const one = new RoleProcess(role, port, { ...this.envOf(role, port), ...this.env, ...env });
    if (role === 'gateway') this.gatewayUrl ||= one.url;
    this.processes.push(one);
    return one;
  }

  /** An organization with an owner, through a gateway of the cell. */
  tenant(name = `org-${newId()}`): Promise<Tenant> {
    const keys = readKeysFile(this.keysFile);
    const door: FrontDoor = {
      url: this.gatewayUrl,
      keys: new LocalKeyProvider(keys.root),
      tokens: new TokenIssuer(keys, new Doors(this.auth)),
    };
    return makeTenant(door, this.admin, name);
  }

  /** Looks into the database as its superuser. */
  async rows<Row extends object>(statement: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.admin.query<Row>(statement, values)).rows;
  }

  async dispose(): Promise<void> {
    for (const one of this.processes) one.thaw();
    await Promise.all(this.processes.map((one) => one.end()));
    await Promise.all([this.admin.end(), this.auth.end(), this.gate?.shut()]);
    await rm(this.directory, { recursive: true, force: true });
  }

  private login(login: Login): string {
    return loginUrl(this.gate?.url ?? this.databaseUrl, login, TEST_PASSWORDS);
  }

  private loginOf(role: Role): Record<string, string> {
    const { sasl } = this.kafka.guarded?.settings(role) ?? {};
    return sasl ? { KAFKA_SASL_USERNAME: sasl.username, KAFKA_SASL_PASSWORD: sasl.password } : {};
  }

  /** How a login of the cell's Kafka connects. */
  kafkaSettings(login?: string): KafkaSettings {
    const { guarded, brokers, prefix } = this.kafka;
    return { clientId: 'test', ...guarded?.settings(login), brokers, prefix };
  }

  private envOf(role: Role, port: number): Record<string, string> {
    const common = {
      KAFKA_BROKERS: this.kafka.brokers.join(','),
      KAFKA_PREFIX: this.kafka.prefix,
      ...this.loginOf(role),
      HEADGATE_LOG_LEVEL: 'info',
    };
    if (role === 'executor')
      return {
        ...common,
        HEADGATE_KEYS_FILE: this.poolFile,
        HEADGATE_PROBE_PORT: String(port),
        HEADGATE_MAX_RUNNERS: '4',
        HEADGATE_PREWARMED_RUNNERS: '1',
        HEADGATE_EGRESS_ALLOW: '127.0.0.1',
      };
    const ours = {
      ...common,
      DATABASE_URL: this.login(`hg_${role}`),
      HEADGATE_KEYS_FILE: this.keysFile,
      HEADGATE_BLOB_DIR: join(this.directory, 'blobs'),
      HEADGATE_GATEWAY_URL: this.gatewayUrl || `http://127.0.0.1:${port}`,
    };
    return role === 'gateway'
      ? {
          ...ours,
          DATABASE_AUTH_URL: this.login('hg_auth'),
          HEADGATE_PORT: String(port),
          HEADGATE_PROBE_PORT: '0',
        }
      : { ...ours, HEADGATE_PROBE_PORT: String(port) };
  }
}
