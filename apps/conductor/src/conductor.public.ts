export { conductorMetrics } from './conductor.metrics.ts';
export { Conductor } from './conductor.ts';
