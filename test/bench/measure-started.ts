import { sharedClockMs } from './counted.ts';
import type { KafkaCell } from './kafka-cell.ts';
import type { KafkaFloors } from './kafka-floors.ts';
import { firstEvents, quantile } from './load.ts';
import type { Line } from './report.ts';

const WARM_UP = 20;
const ROUNDS = 300;

/** From a request to its flow's start: by the executor's word, and by what the caller sees of it. One after another. */
export async function measureStarted(cell: KafkaCell, floors: KafkaFloors): Promise<Line[]> {
  const echo = await cell.echo();
  const startedMs: number[] = [];
  const seenMs: number[] = [];
  const endedMs: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
    await cell.counters();
    const sentMs = sharedClockMs();
    const seen = await firstEvents(echo);
    const { firstWordsMs } = await cell.counters();
    if (firstWordsMs.length !== 1) throw new Error(`one run was started ${firstWordsMs.length} times`);
    if (round < WARM_UP) continue;
    startedMs.push((firstWordsMs[0] ?? Number.NaN) - sentMs);
    seenMs.push(seen.get('run.started') ?? Number.NaN);
    endedMs.push(seen.get('end') ?? Number.NaN);
  }
  const of = (times: number[], share: number) =>
    quantile(
      times.toSorted((a, b) => a - b),
      share,
    );
  const floorMs = floors.twoHopsMs + 2 * floors.insertMs;
  return [
    {
      name: 'request to flow started, p50',
      value: of(startedMs, 0.5),
      unit: 'ms',
      mark: { is: 'at most', value: 2 * floorMs, of: '2 × two raw hops, two inserts' },
    },
    {
      name: 'request to flow started, p99',
      value: of(startedMs, 0.99),
      unit: 'ms',
      mark: { is: 'at most', value: 5 * floorMs, of: '5 × two raw hops, two inserts' },
    },
    { name: "request to the caller's run.started, p50", value: of(seenMs, 0.5), unit: 'ms' },
    { name: "request to the caller's run.started, p99", value: of(seenMs, 0.99), unit: 'ms' },
    { name: "request to the end of the caller's stream, p50", value: of(endedMs, 0.5), unit: 'ms' },
  ];
}
