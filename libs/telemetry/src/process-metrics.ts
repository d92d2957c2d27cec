import { counter, gauge, type Metric } from './metrics.ts';

/** What every process says of itself, by Prometheus's usual names. */
export function processMetrics(): Metric[] {
  return [
    counter('process_cpu_seconds_total', 'CPU time, user and system.', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }),
    gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss()),
  ];
}
