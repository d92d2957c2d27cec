export { DatabaseReadiness } from './database-readiness.ts';
export { Readiness } from './readiness.ts';
