import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMPONENTS } from '#libs/components';
import { EgressAllow } from '#libs/config';
import { ensureKeysFile, KeyProvider, readKeysFile } from '#libs/crypto';
import { createPool, type Pool } from '#libs/database';
import { newId } from '#libs/kernel';
import { createLogger } from '#libs/telemetry';
import { nativeRunner } from '../../../apps/executor/src/engines/native/program.ts';
import { TokenIssuer } from '../../../apps/gateway/src/signin/token-issuer.ts';
import { Standalone, type StandaloneOptions } from '../../../apps/standalone/src/standalone.ts';
import { ApiClient } from './api-client.ts';
import { FAULT_COMPONENTS } from './fault-components.ts';
import { createTestDatabase, TEST_PASSWORDS } from './postgres-for-tests.ts';
import { type FrontDoor, makeTenant, type Tenant } from './tenants.ts';

export interface TestRingOptions
  extends Partial<
    Pick<StandaloneOptions, 'bus' | 'poolSize' | 'cancelGraceMs' | 'maxRunners' | 'prewarmedRunners' | 'port'>
  > {
  egressAllow?: string;
  /** Of an earlier ring, to go on with its data. */
  databaseUrl?: string;
  directory?: string;
}

export function frontDoorOf({ url, gateway }: Standalone): FrontDoor {
  return { url, keys: gateway.get(KeyProvider), tokens: gateway.get(TokenIssuer) };
}

/** The whole ring in this process, on a database of its own, with the fault components. */
export class TestRing {
  private constructor(
    readonly standalone: Standalone,
    readonly databaseUrl: string,
    readonly directory: string,
    private readonly admin: Pool,
  ) {}

  static async start(options: TestRingOptions = {}): Promise<TestRing> {
    const databaseUrl = options.databaseUrl ?? (await createTestDatabase());
    const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'headgate-ring-'));
    const keysFile = join(directory, 'keys.json');
    ensureKeysFile(keysFile);
    const standalone = await Standalone.start({
      host: '127.0.0.1',
      port: options.port ?? 0,
      databaseUrl,
      passwords: TEST_PASSWORDS,
      keys: readKeysFile(keysFile),
      blobDirectory: join(directory, 'blobs'),
      egressAllow: EgressAllow.parse(options.egressAllow),
      maxRunners: options.maxRunners ?? 4,
      prewarmedRunners: options.prewarmedRunners ?? 1,
      components: [...COMPONENTS, ...FAULT_COMPONENTS],
      runner: nativeRunner('libs/testing/src/runner-with-faults.js'),
      log: createLogger('test', 'fatal'),
      cancelGraceMs: options.cancelGraceMs ?? 1_000,
      ...(options.bus && { bus: options.bus }),
      ...(options.poolSize !== undefined && { poolSize: options.poolSize }),
    });
    const admin = createPool({ url: databaseUrl, size: 2, name: 'test' });
    return new TestRing(standalone, databaseUrl, directory, admin);
  }

  get url(): string {
    return this.standalone.url;
  }

  /** An organization with an owner, signed in. */
  tenant(name = `org-${newId()}`): Promise<Tenant> {
    return makeTenant(frontDoorOf(this.standalone), this.admin, name);
  }

  client(token?: string): ApiClient {
    return new ApiClient(this.url, token);
  }

  /** Looks into the database as its superuser: row-level security does not hide anything from a test's eyes. */
  async rows<Row extends object>(statement: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.admin.query<Row>(statement, values)).rows;
  }

  /** Ends the ring; its data stays for the next one. */
  async stop(): Promise<void> {
    await this.standalone.stop();
    await this.admin.end();
  }

  async dispose(): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}
