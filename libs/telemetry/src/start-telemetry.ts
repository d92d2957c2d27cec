/** Comes before all else in a process (`--import`). Nothing of the SDK is loaded where nobody is told anything. */
import { wantsTelemetry } from './wants-telemetry.ts';

if (wantsTelemetry(process.env)) {
  const { startSdk } = await import('./sdk.ts');
  startSdk(process.env);
}
