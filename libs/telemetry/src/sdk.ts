import { NodeSDK } from '@opentelemetry/sdk-node';
import { carryContext } from '#libs/kernel';
import { TRACE_IDS } from './trace-ids.ts';
import { beginTracing } from './tracing.ts';
import { serviceName } from './wants-telemetry.ts';

/** Where and how spans go is said by OpenTelemetry's own variables. */
export function startSdk(environment: NodeJS.ProcessEnv): void {
  const isNamed =
    environment['OTEL_SERVICE_NAME'] !== undefined ||
    environment['OTEL_RESOURCE_ATTRIBUTES']?.includes('service.name=');
  const sdk = new NodeSDK({
    ...(!isNamed && { serviceName: serviceName(process.argv) }),
    idGenerator: TRACE_IDS,
    // logs go to standard error, metrics are asked for
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  carryContext();
  beginTracing(() => sdk.shutdown());
}
