import { BareRing } from './bare-ring.ts';
import { durableInsertMs } from './floors.ts';
import { quantile } from './load.ts';
import { floorLine, type Line } from './report.ts';

const WARM_UP_SECONDS = 1;
const IN_FLIGHT = 32;

/** What broker, database and client do without a product in between. */
export interface KafkaFloors {
  insertMs: number;
  twoHopsMs: number;
  fourHopsMs: number;
  lines: Line[];
}

export async function takeKafkaFloors(
  broker: string,
  databaseUrl: string,
  seconds: number,
): Promise<KafkaFloors> {
  const insertMs = await durableInsertMs(databaseUrl, 500);
  const two = await bareHops(broker, 2, seconds);
  const four = await bareHops(broker, 4, seconds);
  return {
    insertMs,
    twoHopsMs: two.p50,
    fourHopsMs: four.p50,
    lines: [floorLine('durable insert, p50', insertMs, 'ms'), ...two.lines, ...four.lines],
  };
}

async function bareHops(
  broker: string,
  hops: number,
  seconds: number,
): Promise<{ p50: number; lines: Line[] }> {
  const ring = await BareRing.start(broker, hops);
  await ring.measure(IN_FLIGHT, WARM_UP_SECONDS);
  const alone = await ring.measure(1, seconds);
  const together = await ring.measure(IN_FLIGHT, seconds);
  await ring.end();
  const p50 = quantile(alone.latenciesMs, 0.5);
  const at = `${hops} raw hops`;
  const lines = [
    floorLine(`${at}, one in flight, p50`, p50, 'ms'),
    floorLine(`${at}, one in flight, p99`, quantile(alone.latenciesMs, 0.99), 'ms'),
    floorLine(`${at}, ${IN_FLIGHT} in flight, p50`, quantile(together.latenciesMs, 0.5), 'ms'),
    floorLine(`${at}, ${IN_FLIGHT} in flight`, together.perSecond, '/s'),
  ];
  return { p50, lines };
}
