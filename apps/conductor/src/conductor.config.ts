import { z } from 'zod';
import { GRANT_CONFIG, PostgresUrl, ROLE_CONFIG } from '#libs/config';

/** The environment of `npm run start:conductor`. */
export const ConductorConfig = z.object({
  ...ROLE_CONFIG,
  ...GRANT_CONFIG,
  // the login hg_conductor
  DATABASE_URL: PostgresUrl,
  // of the cell's keys: root, cell, pool, blobUrl
  HEADGATE_KEYS_FILE: z.string(),
});
