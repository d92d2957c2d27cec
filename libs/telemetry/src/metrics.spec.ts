import { describe, expect, it } from '@jest/globals';
import { counter, gauge, Histogram, metricsText } from './metrics.ts';

describe('metrics as Prometheus reads them', () => {
  it('are read when they are asked for', () => {
    let runs = 1;
    const metrics = [gauge('hg_runs', 'Runs.', () => runs)];
    expect(metricsText(metrics)).toBe('# HELP hg_runs Runs.\n# TYPE hg_runs gauge\nhg_runs 1\n');
    runs = 2;
    expect(metricsText(metrics)).toContain('\nhg_runs 2\n');
  });

  it('have a sample for each value of a label, and none where nothing is known', () => {
    const read = () => [
      { labels: { is: 'a"\\\n' }, value: 1 },
      { labels: { is: 'b' }, value: 0 },
    ];
    expect(metricsText([counter('hg_events_total', 'Events.', read)])).toBe(
      '# HELP hg_events_total Events.\n# TYPE hg_events_total counter\nhg_events_total{is="a\\"\\\\\\n"} 1\nhg_events_total{is="b"} 0\n',
    );
    expect(metricsText([gauge('hg_runs', 'Runs.', () => undefined)])).toBe(
      '# HELP hg_runs Runs.\n# TYPE hg_runs gauge\n',
    );
  });

  it('count amounts up to each bound, the bound included, and all of them', () => {
    const seconds = new Histogram('hg_seconds', 'Seconds.', 'topic', [0.1, 1]);
    for (const amount of [0.05, 0.1, 0.5, 7]) seconds.observe('a', amount);
    seconds.observe('b', 1);
    expect(seconds.text().split('\n').slice(2, 12)).toEqual([
      'hg_seconds_bucket{topic="a",le="0.1"} 2',
      'hg_seconds_bucket{topic="a",le="1"} 3',
      'hg_seconds_bucket{topic="a",le="+Inf"} 4',
      'hg_seconds_sum{topic="a"} 7.65',
      'hg_seconds_count{topic="a"} 4',
      'hg_seconds_bucket{topic="b",le="0.1"} 0',
      'hg_seconds_bucket{topic="b",le="1"} 1',
      'hg_seconds_bucket{topic="b",le="+Inf"} 1',
      'hg_seconds_sum{topic="b"} 1',
      'hg_seconds_count{topic="b"} 1',
    ]);
  });
});
