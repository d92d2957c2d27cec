import { z } from 'zod';
import { EgressAllow, KAFKA_CONFIG, PROBE_CONFIG, PROCESS_CONFIG } from '#libs/config';
import { DEFAULTS } from '#libs/domain';

const NoDatabase = z
  .undefined({
    error: 'must not be set: an executor runs what tenants wrote, and may know no database',
  })
  .optional();

/** The environment of `npm run start:executor`. */
export const ExecutorConfig = z.object({
  ...PROCESS_CONFIG,
  ...PROBE_CONFIG,
  ...KAFKA_CONFIG,
  DATABASE_URL: NoDatabase,
  DATABASE_AUTH_URL: NoDatabase,
  // of the cell's keys: pool, and no other
  HEADGATE_KEYS_FILE: z.string(),
  // host|cidr[:port], a comma list: where flows may go although it is private or plain http
  HEADGATE_EGRESS_ALLOW: EgressAllow,
  // runner processes at most; each serves one organization at a time
  HEADGATE_MAX_RUNNERS: z.coerce.number().int().min(1).max(500).default(8),
  // runner processes that wait for an organization
  HEADGATE_PREWARMED_RUNNERS: z.coerce.number().int().min(0).max(100).default(DEFAULTS.prewarmedRunners),
});
