import { busMetrics, KafkaBus } from '#libs/bus';
import { kafkaSettings, readConfig } from '#libs/config';
import { readPoolKey } from '#libs/crypto';
import { ProbeServer } from '#libs/http';
import type { Ending } from '#libs/kernel';
import { ProcessDriver, type SandboxProgram } from '#libs/sandbox';
import { createLogger, endTracing } from '#libs/telemetry';
import { ExecutorConfig } from './executor.config.ts';
import { executorMetrics } from './executor.metrics.ts';
import { Executor } from './executor.ts';
import { limitsOf } from './limits.ts';

/** The process of the role. */
export async function beginExecutor(ending: Ending, program: SandboxProgram): Promise<void> {
  const config = readConfig(ExecutorConfig, process.env);
  ending.graceMs = config.HEADGATE_SHUTDOWN_GRACE_MS;
  ending.add(() => endTracing());
  const log = createLogger('executor', config.HEADGATE_LOG_LEVEL);
  const poolKey = readPoolKey(config.HEADGATE_KEYS_FILE);
  const bus = await KafkaBus.connect(kafkaSettings(config, 'headgate-executor'), log);
  ending.add(() => bus.close());
  const driver = new ProcessDriver();
  const { HEADGATE_EGRESS_ALLOW: egressAllow } = config;
  const executor = new Executor({
    bus,
    poolKey,
    driver,
    program,
    maxRunners: config.HEADGATE_MAX_RUNNERS,
    prewarmedRunners: config.HEADGATE_PREWARMED_RUNNERS,
    egressAllow,
    runnerFailed: (reason) => log.error({ reason }, 'a runner did not start'),
  });
  ending.add(() => executor.stop());
  await executor.start();
  const limits = limitsOf(driver, egressAllow);
  const { HEADGATE_PROBE_HOST: host, HEADGATE_PROBE_PORT: port } = config;
  const report = async () => ({ isReady: true, degraded: [...limits, ...bus.degraded] });
  const metrics = [...busMetrics(bus), ...executorMetrics(executor)];
  const probe = await ProbeServer.listen({ host, port }, report, metrics);
  ending.add(() => probe.close());
  log.info({ executorId: executor.id, probePort: probe.port }, 'the executor takes runs');
}
