export { EnvironmentStore } from './environment.store.ts';
