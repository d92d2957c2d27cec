import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { gauge, type Metric } from '#libs/telemetry';
import { RunWatches } from './runs/run-watches.ts';

export function gatewayMetrics(gateway: NestFastifyApplication): Metric[] {
  const watches = gateway.get(RunWatches);
  return [
    gauge('headgate_watched_runs', 'Runs that somebody waits for or reads as they go.', () => watches.size),
  ];
}
