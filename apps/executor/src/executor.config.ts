import { z } from 'zod';
import { EgressAllow, ROLE_CONFIG } from '#libs/config';
import { DEFAULTS } from '#libs/domain';

/** How many runners there are, and where what runs in them may go. */
export const RUNNER_CONFIG = {
  // host|cidr[:port], a comma list: where flows may go although it is private or plain http
  HEADGATE_EGRESS_ALLOW: EgressAllow,
  // runner processes at most; each serves one organization at a time
  HEADGATE_MAX_RUNNERS: z.coerce.number().int().min(1).max(500).default(8),
  // runner processes that wait for an organization
  HEADGATE_PREWARMED_RUNNERS: z.coerce.number().int().min(0).max(100).default(DEFAULTS.prewarmedRunners),
};

const NoDatabase = z
  .undefined({
    error: 'must not be set: an executor runs what tenants wrote, and may know no database',
  })
  .optional();

/** The environment of `npm run start:executor`. */
export const ExecutorConfig = z.object({
  ...ROLE_CONFIG,
  DATABASE_URL: NoDatabase,
  DATABASE_AUTH_URL: NoDatabase,
  // of the cell's keys: pool, and no other
  HEADGATE_KEYS_FILE: z.string(),
  ...RUNNER_CONFIG,
});
