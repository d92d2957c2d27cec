import { echoFlow } from '#libs/testing';
import type { KafkaCell } from './kafka-cell.ts';
import { callEach, quantile, type Target } from './load.ts';
import type { Line } from './report.ts';

const PREPARED_AT_ONCE = 8;
const WAIT_SECONDS = 300;

/** So many organizations that nobody has seen before, each with one run, all at once. */
export async function measureOrganizations(cell: KafkaCell, organizations: number): Promise<Line[]> {
  const targets: Target[] = [];
  let next = 0;
  const prepare = async () => {
    while (next < organizations) {
      next += 1;
      targets.push(await cell.deploy(await cell.cell.tenant(), 'only', echoFlow(), WAIT_SECONDS));
    }
  };
  await Promise.all(Array.from({ length: PREPARED_AT_ONCE }, prepare));
  await cell.noExecutors();
  await cell.startExecutors([{}]);
  const { latenciesMs, perSecond } = await callEach(targets, organizations);
  const at = `${organizations} organizations with one run each`;
  return [
    { name: `${at}: throughput`, value: perSecond, unit: 'runs/s' },
    { name: `${at}: p50`, value: quantile(latenciesMs, 0.5), unit: 'ms' },
    { name: `${at}: the last`, value: latenciesMs.at(-1) ?? Number.NaN, unit: 'ms' },
  ];
}
