import { z } from 'zod';
import { GRANT_CONFIG, PostgresUrl, ROLE_CONFIG } from '#libs/config';

/** The environment of `npm run start:gateway`. */
export const GatewayConfig = z.object({
  ...ROLE_CONFIG,
  ...GRANT_CONFIG,
  // the address that it listens on
  HEADGATE_HOST: z.string().default('127.0.0.1'),
  HEADGATE_PORT: z.coerce.number().int().min(1).max(65_535).default(4600),
  // the login hg_gateway
  DATABASE_URL: PostgresUrl,
  // the login hg_auth
  DATABASE_AUTH_URL: PostgresUrl,
  HEADGATE_DB_CONNECTIONS: z.coerce.number().int().min(2).max(200).default(10),
  // of the cell's keys: root, pepper, blobUrl, jwt
  HEADGATE_KEYS_FILE: z.string(),
});
