export { EgressAllow, type EgressException, egressText } from './egress-allow.ts';
export { projectRoot } from './project-root.ts';
export { readConfig } from './read-config.ts';
export {
  BLOB_CONFIG,
  type BlobConfig,
  GRANT_CONFIG,
  KAFKA_CONFIG,
  kafkaSettings,
  PostgresUrl,
  PROBE_CONFIG,
  PROCESS_CONFIG,
  ROLE_CONFIG,
} from './role-config.ts';
