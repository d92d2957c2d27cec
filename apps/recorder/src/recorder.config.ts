import { z } from 'zod';
import { KAFKA_CONFIG, PostgresUrl, PROBE_CONFIG, PROCESS_CONFIG } from '#libs/config';

/** The environment of `npm run start:recorder`. */
export const RecorderConfig = z.object({
  ...PROCESS_CONFIG,
  ...PROBE_CONFIG,
  ...KAFKA_CONFIG,
  // the login hg_recorder
  DATABASE_URL: PostgresUrl,
  // of the cell's keys: cell
  HEADGATE_KEYS_FILE: z.string(),
  HEADGATE_BLOB_DIR: z.string(),
});
