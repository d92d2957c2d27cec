import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { PostgresUrl, PROBE_CONFIG, PROCESS_CONFIG } from '#libs/config';
import { RUNNER_CONFIG } from '../../executor/src/executor.public.ts';

const Password = z.string().min(12).optional();
const Port = z.coerce.number().int().min(1).max(65_535);

/** The environment of `npm start`. */
export const StandaloneConfig = z.object({
  ...PROCESS_CONFIG,
  ...RUNNER_CONFIG,
  // the terminal shows what matters only
  HEADGATE_LOG_LEVEL: PROCESS_CONFIG.HEADGATE_LOG_LEVEL.default('warn'),
  // the address that the gateway listens on
  HEADGATE_HOST: z.string().default('127.0.0.1'),
  HEADGATE_PORT: Port.default(4600),
  HEADGATE_PROBE_HOST: PROBE_CONFIG.HEADGATE_PROBE_HOST,
  // beside the gateway's own, for metrics
  HEADGATE_PROBE_PORT: PROBE_CONFIG.HEADGATE_PROBE_PORT.optional(),
  // keys, large values and the embedded Postgres live here
  HEADGATE_DATA_DIR: z
    .string()
    .default(() => defaultDataDirectory())
    .transform((path) => resolve(path)),
  // an administrator's URL of a Postgres 15 or newer, instead of the embedded one
  DATABASE_URL: PostgresUrl.optional(),
  // passwords of the database logins, where several installations share a server; else made in the data directory
  HEADGATE_DB_PASSWORD_OWNER: Password,
  HEADGATE_DB_PASSWORD_GATEWAY: Password,
  HEADGATE_DB_PASSWORD_AUTH: Password,
  HEADGATE_DB_PASSWORD_CONDUCTOR: Password,
  HEADGATE_DB_PASSWORD_RECORDER: Password,
  // the cell's keys; made in the data directory where it is not set
  HEADGATE_KEYS_FILE: z.string().optional(),
  // with a key, the demo has a flow that talks to a model
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: z.url({ protocol: /^https?$/ }).optional(),
});
export type StandaloneConfig = z.output<typeof StandaloneConfig>;

export function defaultDataDirectory(
  isRoot = process.getuid?.() === 0,
  dataHome = process.env['XDG_DATA_HOME'] ?? '',
  home = homedir(),
): string {
  if (isRoot) return '/var/lib/headgate';
  // a relative one is to be ignored, says the specification
  return join(isAbsolute(dataHome) ? dataHome : join(home, '.local', 'share'), 'headgate');
}
