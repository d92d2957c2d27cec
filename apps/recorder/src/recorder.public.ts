export { recorderMetrics } from './recorder.metrics.ts';
export { Recorder } from './recorder.ts';
