import { z } from 'zod';
import { grantRoles, KAFKA_ROLES, type KafkaRole, setUpKafka } from '#libs/bus';
import { KAFKA_CONFIG, kafkaSettings, readConfig } from '#libs/config';
import { DEFAULTS } from '#libs/domain';
import { mainProcess } from '#libs/kernel';
import { createLogger } from '#libs/telemetry';

const PAIR = new RegExp(`^(${KAFKA_ROLES.join('|')})=([^\\s,=]+)$`);

const SetupConfig = z.object({
  ...KAFKA_CONFIG,
  // of the topics that are not of one partition
  HEADGATE_PARTITIONS: z.coerce.number().int().min(1).max(1_000).default(DEFAULTS.partitions),
  // role=login, a comma list: who is granted what a role needs, and no more
  KAFKA_ROLE_USERS: z
    .string()
    .default('')
    .transform((text, context) =>
      text
        .split(',')
        .filter((pair) => pair !== '')
        .map((pair) => {
          const [, role, login = ''] = PAIR.exec(pair) ?? [];
          if (role === undefined)
            context.addIssue({
              code: 'custom',
              message: `"${pair}" is not role=login, where a role is one of ${KAFKA_ROLES.join(', ')}`,
            });
          // one that is none was just refused
          return { role: role as KafkaRole, login };
        }),
    ),
});

mainProcess(DEFAULTS.shutdownGraceMs, async (ending) => {
  const config = readConfig(SetupConfig, process.env);
  const settings = kafkaSettings(config, 'headgate-setup');
  const log = createLogger('setup', 'silent');
  const made = await setUpKafka(settings, config.HEADGATE_PARTITIONS, log);
  const said = made.length === 0 ? ['all topics were there'] : made.map((topic) => `made topic ${topic}`);
  const logins = config.KAFKA_ROLE_USERS;
  if (logins.length > 0) {
    await grantRoles(settings, logins, log);
    said.push(...logins.map(({ role, login }) => `${login} may do what the role ${role} needs`));
  }
  process.stdout.write(`${said.join('\n')}\n`);
  await ending.end(0);
});
