import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { z } from 'zod';
import { EgressAllow, PROBE_CONFIG } from '#libs/config';
import { DEFAULTS } from '#libs/domain';

const Password = z.string().min(12).optional();
const Port = z.coerce.number().int().min(1).max(65_535);

/** The environment of `npm start`. */
export const StandaloneConfig = z.object({
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
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  // passwords of the database logins, where several installations share a server; else made in the data directory
  HEADGATE_DB_PASSWORD_OWNER: Password,
  HEADGATE_DB_PASSWORD_GATEWAY: Password,
  HEADGATE_DB_PASSWORD_AUTH: Password,
  HEADGATE_DB_PASSWORD_CONDUCTOR: Password,
  HEADGATE_DB_PASSWORD_RECORDER: Password,
  // host|cidr[:port], a comma list: where flows may go although it is private or plain http
  HEADGATE_EGRESS_ALLOW: EgressAllow,
  // the cell's keys; made in the data directory where it is not set
  HEADGATE_KEYS_FILE: z.string().optional(),
  // runner processes at most; each serves one organization at a time
  HEADGATE_MAX_RUNNERS: z.coerce.number().int().min(1).max(500).default(8),
  // runner processes that wait for an organization
  HEADGATE_PREWARMED_RUNNERS: z.coerce.number().int().min(0).max(100).default(DEFAULTS.prewarmedRunners),
  // how long an end may take before it is cut short, in milliseconds
  HEADGATE_SHUTDOWN_GRACE_MS: z.coerce.number().int().min(0).max(3_600_000).default(DEFAULTS.shutdownGraceMs),
  HEADGATE_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug']).default('warn'),
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
