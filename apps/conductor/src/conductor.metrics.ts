import { counter, gauge, type Metric } from '#libs/telemetry';
import type { Conductor } from './conductor.ts';

/** What the leader knows has samples from the leader only. */
export function conductorMetrics(conductor: Pick<Conductor, 'isLeading' | 'figures'>): Metric[] {
  return [
    gauge('headgate_conductor_leading', 'Whether this conductor leads.', () => Number(conductor.isLeading)),
    gauge(
      'headgate_queue_runs',
      'Runs in the heads of the queue; of a deployment at most the 64 oldest.',
      () => conductor.figures?.runs,
    ),
    gauge(
      'headgate_queue_organizations',
      'Organizations with runs in the queue.',
      () => conductor.figures?.organizations,
    ),
    counter(
      'headgate_placements_total',
      'Attempts that were claimed for an executor in this term.',
      () => conductor.figures?.placed,
    ),
  ];
}
