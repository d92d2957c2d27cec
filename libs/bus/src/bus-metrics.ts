import { counter, gauge, type Metric } from '#libs/telemetry';
import { HOP_SECONDS } from './hop-seconds.ts';
import type { KafkaBus } from './kafka/kafka-bus.ts';

/** What a process says of its way to the others. */
export function busMetrics(bus: KafkaBus): Metric[] {
  return [
    HOP_SECONDS,
    counter('headgate_bus_requests_total', 'Requests to the broker that were answered.', () => bus.requests),
    gauge('headgate_bus_waiting_bytes', 'What waits to be sent to the broker.', () => bus.waitingBytes),
  ];
}
