export { EgressAllow, type EgressException } from './egress-allow.ts';
export { projectRoot } from './project-root.ts';
export { ConfigError, readConfig } from './read-config.ts';
