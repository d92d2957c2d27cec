export { ATTRIBUTES } from './attributes.ts';
export { rememberHop } from './hops.ts';
export { createLogger, type Logger } from './logger.ts';
export { counter, gauge, Histogram, METRICS_TYPE, type Metric, metricsText } from './metrics.ts';
export { forNewRun, forRun, takeRunId } from './run-scope.ts';
export { linksTo, startRoot, startRunSpan, startSpan, withRunsSpan, withSpan } from './span.ts';
export { runOfTrace, traceOfRun } from './trace-ids.ts';
export { isSampled, readTraceparent, TRACEPARENT, traceparentOf } from './traceparent.ts';
export { endTracing, isTracing } from './tracing.ts';
