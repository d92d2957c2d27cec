import { z } from 'zod';
import { BLOB_CONFIG, PostgresUrl, ROLE_CONFIG } from '#libs/config';

/** The environment of `npm run start:conductor`. */
export const ConductorConfig = z.object({
  ...ROLE_CONFIG,
  ...BLOB_CONFIG,
  // the login hg_conductor
  DATABASE_URL: PostgresUrl,
  // of the cell's keys: root, cell, pool, blobUrl
  HEADGATE_KEYS_FILE: z.string(),
  // where executors reach a gateway for large values
  HEADGATE_GATEWAY_URL: z.url({ protocol: /^https?$/ }),
});
