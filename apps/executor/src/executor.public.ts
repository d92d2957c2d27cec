export { AddressGuard, EgressRefused } from './broker/address-guard.ts';
export { nativeRunner } from './engines/native/program.ts';
export { RUNNER_CONFIG } from './executor.config.ts';
export { executorMetrics } from './executor.metrics.ts';
export { Executor } from './executor.ts';
export { limitsOf } from './limits.ts';
