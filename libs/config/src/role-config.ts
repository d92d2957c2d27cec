import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { DEFAULTS } from '#libs/domain';

const MINUTE_MS = 60_000;

/** What every process of the product knows. */
export const PROCESS_CONFIG = {
  // how long an end may take before it is cut short, in milliseconds
  HEADGATE_SHUTDOWN_GRACE_MS: z.coerce
    .number()
    .int()
    .min(0)
    .max(60 * MINUTE_MS)
    .default(DEFAULTS.shutdownGraceMs),
  HEADGATE_LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug']).default('info'),
};

/** Where a process tells whether it is well, beside what it is there for. */
export const PROBE_CONFIG = {
  HEADGATE_PROBE_HOST: z.string().default('127.0.0.1'),
  // 0 for any that is free
  HEADGATE_PROBE_PORT: z.coerce.number().int().min(0).max(65_535),
};

export const PostgresUrl = z.url({ protocol: /^postgres(ql)?$/ });

/** How a process reaches Kafka. */
export const KAFKA_CONFIG = {
  // host:port, a comma list
  KAFKA_BROKERS: z
    .string({ error: 'must name the brokers, as host:port, a comma list' })
    .regex(/^[^\s,:]+:\d+(,[^\s,:]+:\d+)*$/, 'must be host:port, a comma list')
    .transform((text) => text.split(',')),
  // before the names of topics and groups, where several cells share brokers
  KAFKA_PREFIX: z
    .string()
    .regex(/^[\w.-]*$/)
    .default(''),
  KAFKA_TLS: z.stringbool().default(false),
  // a file with the certificates of whoever signed the brokers' own
  KAFKA_TLS_CA_FILE: z.string().optional(),
  KAFKA_SASL_MECHANISM: z.enum(['scram-sha-512', 'scram-sha-256', 'plain']).default('scram-sha-512'),
  KAFKA_SASL_USERNAME: z.string().optional(),
  KAFKA_SASL_PASSWORD: z.string().optional(),
};

/** What every role's process knows. */
export const ROLE_CONFIG = {
  ...PROCESS_CONFIG,
  ...PROBE_CONFIG,
  HEADGATE_PROBE_PORT: PROBE_CONFIG.HEADGATE_PROBE_PORT.default(DEFAULTS.probePort),
  ...KAFKA_CONFIG,
};

/** Where large values are: a directory that all who need it see, or a bucket of an S3. */
export const BLOB_CONFIG = {
  HEADGATE_BLOB_DIR: z.string().optional(),
  HEADGATE_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  HEADGATE_S3_BUCKET: z.string().optional(),
  HEADGATE_S3_REGION: z.string().default('us-east-1'),
  // where the bucket's name stands: in the path, or before the endpoint's host
  HEADGATE_S3_ADDRESSING: z.enum(['path', 'host']).default('path'),
  HEADGATE_S3_ACCESS_KEY_ID: z.string().optional(),
  HEADGATE_S3_SECRET_ACCESS_KEY: z.string().optional(),
};

/** Of those who grant executors a way to large values. */
export const GRANT_CONFIG = {
  ...BLOB_CONFIG,
  // where executors reach a gateway for large values
  HEADGATE_GATEWAY_URL: z.url({ protocol: /^https?$/ }),
};

const BlobEnvironment = z.object(BLOB_CONFIG);
export type BlobConfig = z.output<typeof BlobEnvironment>;

const KafkaEnvironment = z.object(KAFKA_CONFIG);

/** The settings of the bus, from what was read of the environment. */
export function kafkaSettings(config: z.output<typeof KafkaEnvironment>, clientId: string) {
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password = '' } = config;
  const authority = config.KAFKA_TLS_CA_FILE;
  return {
    brokers: config.KAFKA_BROKERS,
    clientId,
    prefix: config.KAFKA_PREFIX,
    ...(config.KAFKA_TLS && {
      ssl: authority === undefined ? true : { ca: [readFileSync(authority, 'utf8')] },
    }),
    ...(username !== undefined && { sasl: { mechanism: config.KAFKA_SASL_MECHANISM, username, password } }),
  };
}
