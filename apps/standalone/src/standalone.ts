import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FileBlobStore } from '#libs/blobs';
import { EmbeddedBus, type EmbeddedBusOptions, HOP_SECONDS } from '#libs/bus';
import { type EgressException, projectRoot } from '#libs/config';
import { type CellKeys, LocalKeyProvider } from '#libs/crypto';
import {
  createPool,
  Doors,
  type Login,
  type LoginPasswords,
  loginUrl,
  type Pool,
  prepareDatabase,
  TenantDatabase,
} from '#libs/database';
import { type Component, catalogOf } from '#libs/engine';
import { ProbeServer } from '#libs/http';
import { SystemClock } from '#libs/kernel';
import { ProcessDriver, type SandboxProgram } from '#libs/sandbox';
import type { Logger } from '#libs/telemetry';
import { Conductor, conductorMetrics } from '../../conductor/src/conductor.public.ts';
import { Executor, executorMetrics, limitsOf } from '../../executor/src/executor.public.ts';
import {
  createGateway,
  DatabaseReadiness,
  gatewayMetrics,
  listen,
  Readiness,
} from '../../gateway/src/gateway.public.ts';
import { Recorder, recorderMetrics } from '../../recorder/src/recorder.public.ts';

export interface StandaloneOptions {
  host: string;
  /** 0 for any that is free. */
  port: number;
  /** An administrator's URL. */
  databaseUrl: string;
  passwords: LoginPasswords;
  keys: CellKeys;
  blobDirectory: string;
  egressAllow: readonly EgressException[];
  maxRunners: number;
  prewarmedRunners: number;
  components: readonly Component[];
  runner: SandboxProgram;
  log: Logger;
  bus?: EmbeddedBusOptions;
  /** Connections of the gateway. */
  poolSize?: number;
  cancelGraceMs?: number;
  migrated?: (name: string) => void;
}

/** The four apps in one process, over a bus of their own: the whole ring. */
export class Standalone {
  readonly bus: EmbeddedBus;
  readonly tenants: TenantDatabase;
  readonly doors: Doors;
  readonly gateway: NestFastifyApplication;
  readonly conductor: Conductor;
  readonly executor: Executor;
  readonly recorder: Recorder;
  /** Where the gateway listens. */
  readonly url: string;
  private readonly pools: readonly Pool[];

  private constructor(
    parts: Pick<
      Standalone,
      'bus' | 'tenants' | 'doors' | 'gateway' | 'conductor' | 'executor' | 'recorder' | 'url'
    >,
    pools: readonly Pool[],
  ) {
    ({
      bus: this.bus,
      tenants: this.tenants,
      doors: this.doors,
      gateway: this.gateway,
      conductor: this.conductor,
      executor: this.executor,
      recorder: this.recorder,
      url: this.url,
    } = parts);
    this.pools = pools;
  }

  static async start(options: StandaloneOptions): Promise<Standalone> {
    return prepareDatabase(
      options.databaseUrl,
      options.passwords,
      join(projectRoot(), 'prisma', 'migrations'),
      () => Standalone.compose(options),
      options.migrated,
    );
  }

  private static async compose(options: StandaloneOptions): Promise<Standalone> {
    const { databaseUrl, passwords, keys, log, egressAllow } = options;
    const login = (name: Login) => loginUrl(databaseUrl, name, passwords);
    const pool = createPool({ url: login('hg_gateway'), size: options.poolSize ?? 10, name: 'gateway' });
    const authPool = createPool({ url: login('hg_auth'), size: 3, name: 'auth' });
    const recorderPool = createPool({ url: login('hg_recorder'), size: 3, name: 'recorder' });
    const clock = new SystemClock();
    const bus = new EmbeddedBus(options.bus);
    const tenants = new TenantDatabase(pool);
    const doors = new Doors(authPool);
    const keyProvider = new LocalKeyProvider(keys.root);
    let url = '';
    const blobs = new FileBlobStore({
      directory: options.blobDirectory,
      baseUrl: () => url,
      signingKey: keys.blobUrl,
      clock,
    });
    const driver = new ProcessDriver();
    const recorder = new Recorder({ bus, pool: recorderPool, blobs, cellKey: keys.cell, log });
    const conductor = new Conductor({
      bus,
      databaseUrl: login('hg_conductor'),
      blobs,
      keys: keyProvider,
      cellKey: keys.cell,
      poolKey: keys.pool,
      log,
    });
    const executor = new Executor({
      bus,
      poolKey: keys.pool,
      driver,
      program: options.runner,
      maxRunners: options.maxRunners,
      prewarmedRunners: options.prewarmedRunners,
      egressAllow,
      ...(options.cancelGraceMs !== undefined && { cancelGraceMs: options.cancelGraceMs }),
      runnerFailed: (reason) => log.error({ reason }, 'a runner did not start'),
    });
    const gateway = await createGateway({
      bus,
      pool,
      doors,
      database: tenants,
      blobs,
      keys,
      keyProvider,
      catalog: catalogOf(options.components),
      clock,
      readiness: new DatabaseReadiness(authPool, () => limitsOf(driver, egressAllow)),
      openApiPath: join(projectRoot(), 'docs', 'openapi.json'),
      log,
    });
    const pools = [pool, authPool, recorderPool];
    const made = (at: string) =>
      new Standalone({ bus, tenants, doors, gateway, conductor, executor, recorder, url: at }, pools);
    try {
      await gateway.init();
      await recorder.start(true);
      url = await listen(gateway, options.host, options.port);
      await conductor.start();
      await executor.start();
      return made(url);
    } catch (cause) {
      await made(url).stop();
      throw cause;
    }
  }

  /** A port beside the gateway's own, with the metrics of all four. */
  listenForProbes(host: string, port: number): Promise<ProbeServer> {
    const { gateway, conductor, executor, recorder } = this;
    const readiness = gateway.get(Readiness);
    return ProbeServer.listen({ host, port }, () => readiness.report(), [
      HOP_SECONDS,
      ...gatewayMetrics(gateway),
      ...conductorMetrics(conductor),
      ...executorMetrics(executor),
      ...recorderMetrics(recorder),
    ]);
  }

  /** Takes no more, gives back what runs, and ends. */
  async stop(): Promise<void> {
    await this.gateway.close();
    await this.executor.stop();
    await this.conductor.stop();
    await this.recorder.stop();
    await this.bus.close();
    await this.tenants.close();
    await Promise.all(this.pools.map((pool) => pool.end()));
  }
}
