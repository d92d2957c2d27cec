import { openBlobStore } from '#libs/blobs';
import { busMetrics, KafkaBus } from '#libs/bus';
import { kafkaSettings, readConfig } from '#libs/config';
import { LocalKeyProvider, readKeysFile } from '#libs/crypto';
import { ProbeServer } from '#libs/http';
import type { Ending } from '#libs/kernel';
import { createLogger, endTracing } from '#libs/telemetry';
import { ConductorConfig } from './conductor.config.ts';
import { conductorMetrics } from './conductor.metrics.ts';
import { Conductor } from './conductor.ts';

/** The process of the role. */
export async function beginConductor(ending: Ending): Promise<void> {
  const config = readConfig(ConductorConfig, process.env);
  ending.graceMs = config.HEADGATE_SHUTDOWN_GRACE_MS;
  ending.add(() => endTracing());
  const log = createLogger('conductor', config.HEADGATE_LOG_LEVEL);
  const keys = readKeysFile(config.HEADGATE_KEYS_FILE, ['root', 'cell', 'pool', 'blobUrl']);
  const bus = await KafkaBus.connect(kafkaSettings(config, 'headgate-conductor'), log);
  ending.add(() => bus.close());
  const conductor = new Conductor({
    bus,
    databaseUrl: config.DATABASE_URL,
    blobs: openBlobStore(config, {
      baseUrl: config.HEADGATE_GATEWAY_URL,
      signingKey: keys.blobUrl,
    }),
    keys: new LocalKeyProvider(keys.root),
    cellKey: keys.cell,
    poolKey: keys.pool,
    begin: 'stand by',
    executorsOutlive: true,
    log,
  });
  ending.add(() => conductor.stop());
  await conductor.start();
  const { HEADGATE_PROBE_HOST: host, HEADGATE_PROBE_PORT: port } = config;
  const probe = await ProbeServer.listen(
    { host, port },
    async () => ({
      isReady: true,
      degraded: [
        ...(conductor.isLeading ? [] : ['Another conductor leads; this one stands by.']),
        ...bus.degraded,
      ],
    }),
    [...busMetrics(bus), ...conductorMetrics(conductor)],
  );
  ending.add(() => probe.close());
  log.info({ probePort: probe.port }, 'the conductor is there');
}
