import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from '#libs/config';
import { endTracing } from '#libs/telemetry';
import { OtlpReceiver } from './otlp-receiver.ts';

const START = pathToFileURL(join(projectRoot(), 'libs', 'telemetry', 'src', 'start-telemetry.ts')).href;

/** Telemetry of this process, for those who look at single spans: begun for good, as `--import` does it. */
export async function traceInProcess(): Promise<OtlpReceiver & { end(): Promise<void> }> {
  const receiver = await OtlpReceiver.start();
  Object.assign(process.env, receiver.env, { OTEL_NODE_RESOURCE_DETECTORS: 'none' });
  await import(START);
  return Object.assign(receiver, {
    end: async () => {
      await endTracing();
      await receiver.close();
    },
  });
}
