import type { KafkaCell } from './kafka-cell.ts';
import type { KafkaFloors } from './kafka-floors.ts';
import { atCallers, type EchoFigures, echoLines, type Marks, takeEcho } from './measure-echo.ts';
import type { Line } from './report.ts';

/** What the embedded bus is compared at. */
export const COMPARED_CALLERS = 32;
const CROWD = 64;

export async function measureKafkaEcho(
  cell: KafkaCell,
  floors: KafkaFloors,
  callers: number,
  seconds: number,
): Promise<{ lines: Line[]; throughput: number }> {
  const { figures, cpuMsOf } = await takeEcho(cell, callers, seconds);
  const lines = echoLines(callers, 'Postgres and broker', figures, marksAt(callers, floors));
  const parts = [...cpuMsOf].map(
    ([part, value]): Line => ({
      name: `${atCallers(callers)}: processor time per run of the ${part}`,
      value,
      unit: 'ms',
      ...(part === 'conductor' &&
        callers === COMPARED_CALLERS && { mark: { is: 'at most', value: 0.3, of: 'its own' } }),
    }),
  );
  return {
    lines: callers === COMPARED_CALLERS ? [...lines, ...parts] : lines,
    throughput: figures.throughput,
  };
}

function marksAt(callers: number, { fourHopsMs, insertMs }: KafkaFloors): Marks<keyof EchoFigures> {
  if (callers === 1)
    return {
      p50: { is: 'at most', value: 2 * (fourHopsMs + 3 * insertMs), of: '2 × four raw hops, three inserts' },
    };
  if (callers === COMPARED_CALLERS) return { cpu: { is: 'at most', value: 4, of: 'all processes' } };
  if (callers === CROWD) return { requests: { is: 'at most', value: 1, of: 'all processes' } };
  return {};
}
