import { openBlobStore } from '#libs/blobs';
import { busMetrics, KafkaBus } from '#libs/bus';
import { kafkaSettings, readConfig } from '#libs/config';
import { readKeysFile } from '#libs/crypto';
import { createPool, followClock } from '#libs/database';
import { ProbeServer } from '#libs/http';
import type { Ending } from '#libs/kernel';
import { createLogger, endTracing } from '#libs/telemetry';
import { RecorderConfig } from './recorder.config.ts';
import { recorderMetrics } from './recorder.metrics.ts';
import { Recorder } from './recorder.ts';

const CONNECTIONS = 3;

/** The process of the role. */
export async function beginRecorder(ending: Ending): Promise<void> {
  const config = readConfig(RecorderConfig, process.env);
  ending.graceMs = config.HEADGATE_SHUTDOWN_GRACE_MS;
  ending.add(() => endTracing());
  const log = createLogger('recorder', config.HEADGATE_LOG_LEVEL);
  const keys = readKeysFile(config.HEADGATE_KEYS_FILE, ['cell']);
  const pool = createPool({ url: config.DATABASE_URL, size: CONNECTIONS, name: 'recorder' });
  ending.add(() => pool.end());
  ending.add(await followClock(pool));
  const bus = await KafkaBus.connect(kafkaSettings(config, 'headgate-recorder'), log);
  ending.add(() => bus.close());
  const recorder = new Recorder({
    bus,
    pool,
    // it takes values over, and gives nobody a way to them
    blobs: openBlobStore(config),
    cellKey: keys.cell,
    log,
  });
  ending.add(() => recorder.stop());
  await recorder.start(false);
  const { HEADGATE_PROBE_HOST: host, HEADGATE_PROBE_PORT: port } = config;
  const report = async () => {
    const isReady = await pool.query('select 1').then(
      () => true,
      () => false,
    );
    return { isReady, degraded: [...(isReady ? [] : ['The database cannot be reached.']), ...bus.degraded] };
  };
  const metrics = [...busMetrics(bus), ...recorderMetrics(recorder)];
  const probe = await ProbeServer.listen({ host, port }, report, metrics);
  ending.add(() => probe.close());
  log.info({ probePort: probe.port }, 'the recorder reads');
}
