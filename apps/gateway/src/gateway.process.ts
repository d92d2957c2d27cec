import { join } from 'node:path';
import { openBlobStore } from '#libs/blobs';
import { busMetrics, KafkaBus } from '#libs/bus';
import { kafkaSettings, projectRoot, readConfig } from '#libs/config';
import { LocalKeyProvider, readKeysFile } from '#libs/crypto';
import { createPool, Doors, followClock, TenantDatabase } from '#libs/database';
import { type Component, catalogOf } from '#libs/engine';
import { ProbeServer } from '#libs/http';
import { type Ending, SystemClock } from '#libs/kernel';
import { createLogger, endTracing } from '#libs/telemetry';
import { GatewayConfig } from './gateway.config.ts';
import { gatewayMetrics } from './gateway.metrics.ts';
import { createGateway } from './gateway.ts';
import { DatabaseReadiness } from './health/health.public.ts';
import { listen } from './listen.ts';

/** The process of the role. */
export async function beginGateway(ending: Ending, components: readonly Component[]): Promise<void> {
  const config = readConfig(GatewayConfig, process.env);
  ending.graceMs = config.HEADGATE_SHUTDOWN_GRACE_MS;
  ending.add(() => endTracing());
  const log = createLogger('gateway', config.HEADGATE_LOG_LEVEL);
  const keys = readKeysFile(config.HEADGATE_KEYS_FILE, ['root', 'pepper', 'blobUrl', 'jwt']);
  const clock = new SystemClock();
  const pool = createPool({
    url: config.DATABASE_URL,
    size: config.HEADGATE_DB_CONNECTIONS,
    name: 'gateway',
  });
  ending.add(() => pool.end());
  ending.add(await followClock(pool));
  const authPool = createPool({ url: config.DATABASE_AUTH_URL, size: 3, name: 'auth' });
  ending.add(() => authPool.end());
  const database = new TenantDatabase(pool);
  ending.add(() => database.close());
  const bus = await KafkaBus.connect(kafkaSettings(config, 'headgate-gateway'), log);
  ending.add(() => bus.close());
  const readiness = new DatabaseReadiness(authPool, () => bus.degraded);
  const gateway = await createGateway({
    bus,
    pool,
    doors: new Doors(authPool),
    database,
    blobs: openBlobStore(config, {
      baseUrl: config.HEADGATE_GATEWAY_URL,
      signingKey: keys.blobUrl,
    }),
    keys,
    keyProvider: new LocalKeyProvider(keys.root),
    catalog: catalogOf(components),
    clock,
    readiness,
    openApiPath: join(projectRoot(), 'docs', 'openapi.json'),
    log,
  });
  ending.add(() => gateway.close());
  await gateway.init();
  const url = await listen(gateway, config.HEADGATE_HOST, config.HEADGATE_PORT);
  const { HEADGATE_PROBE_HOST: host, HEADGATE_PROBE_PORT: port } = config;
  // beside the port that all may reach, which tells no metrics
  const metrics = [...busMetrics(bus), ...gatewayMetrics(gateway)];
  const probe = await ProbeServer.listen({ host, port }, () => readiness.report(), metrics);
  ending.add(() => probe.close());
  log.info({ url, probePort: probe.port }, 'the gateway listens');
}
