import { counter, gauge, type Metric } from '#libs/telemetry';
import type { Executor } from './executor.ts';

export function executorMetrics({
  pool,
  attempts,
  outbox,
  spans,
}: Pick<Executor, 'pool' | 'attempts' | 'outbox' | 'spans'>): Metric[] {
  return [
    gauge('headgate_runners', 'Runner processes, by what they are doing.', () =>
      Object.entries(pool.counts()).map(([state, value]) => ({ labels: { state }, value })),
    ),
    gauge('headgate_runners_max', 'How many runner processes there may be.', () => pool.maxRunners),
    gauge('headgate_attempts_held', 'Attempts that are under way here.', () => attempts.held().length),
    counter('headgate_events_sent_total', 'Events that the bus has taken.', () => outbox.sentEvents),
    counter('headgate_spans_sent_total', 'Spans of runs that the bus has taken.', () => spans.sentSpans),
    counter(
      'headgate_spans_dropped_total',
      'Spans of runs that were left out: too many of an attempt, or the bus was away.',
      () => spans.droppedSpans,
    ),
  ];
}
