import { z } from 'zod';
import { setUpKafka } from '#libs/bus';
import { KAFKA_CONFIG, kafkaSettings, readConfig } from '#libs/config';
import { DEFAULTS } from '#libs/domain';
import { mainProcess } from '#libs/kernel';
import { createLogger } from '#libs/telemetry';

const SetupConfig = z.object({
  ...KAFKA_CONFIG,
  // of the topics that are not of one partition
  HEADGATE_PARTITIONS: z.coerce.number().int().min(1).max(1_000).default(DEFAULTS.partitions),
});

mainProcess(DEFAULTS.shutdownGraceMs, async (ending) => {
  const config = readConfig(SetupConfig, process.env);
  const made = await setUpKafka(
    kafkaSettings(config, 'headgate-setup'),
    config.HEADGATE_PARTITIONS,
    createLogger('setup', 'silent'),
  );
  const said = made.length === 0 ? ['all topics were there'] : made.map((topic) => `made topic ${topic}`);
  process.stdout.write(`${said.join('\n')}\n`);
  await ending.end(0);
});
