import { counter, type Metric } from '#libs/telemetry';
import type { Recorder } from './recorder.ts';

const OUTCOMES = ['written', 'duplicate', 'fenced', 'dead'] as const;

export function recorderMetrics({ counters }: Pick<Recorder, 'counters'>): Metric[] {
  return [
    counter('headgate_events_total', 'Events of runs, by what became of them.', () =>
      OUTCOMES.map((outcome) => ({ labels: { outcome }, value: counters[outcome] })),
    ),
    counter(
      'headgate_events_delivered_total',
      'Events of runs that were read; as many as those of all outcomes.',
      () => counters.delivered,
    ),
  ];
}
