import { z } from 'zod';
import { BLOB_CONFIG, PostgresUrl, ROLE_CONFIG } from '#libs/config';

/** The environment of `npm run start:recorder`. */
export const RecorderConfig = z.object({
  ...ROLE_CONFIG,
  ...BLOB_CONFIG,
  // the login hg_recorder
  DATABASE_URL: PostgresUrl,
  // of the cell's keys: cell
  HEADGATE_KEYS_FILE: z.string(),
});
