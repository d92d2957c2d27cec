import { echoFlow, until } from '#libs/testing';
import type { KafkaCell } from './kafka-cell.ts';
import { callEach, quantile, type Target } from './load.ts';
import type { Line } from './report.ts';

const PREPARED_AT_ONCE = 8;
const CALLERS = 32;
const WITHIN_MS = 600_000;
const NAME = 'only';

/** So many organizations that nobody has seen before, each with one run, as fast as they are accepted. */
export async function measureOrganizations(cell: KafkaCell, organizations: number): Promise<Line[]> {
  const targets: Target[] = [];
  let next = 0;
  const prepare = async () => {
    while (next < organizations) {
      next += 1;
      targets.push(await cell.deploy(await cell.cell.tenant(), NAME, echoFlow(), 0));
    }
  };
  await Promise.all(Array.from({ length: PREPARED_AT_ONCE }, prepare));
  await cell.noExecutors();
  await cell.startExecutors([{}]);
  const startedMs = performance.now();
  const queued = await callEach(targets, CALLERS);
  await until('the last run has ended', () => cell.isSo('not exists (select from run_live)'), WITHIN_MS);
  const perSecond = (organizations * 1000) / (performance.now() - startedMs);
  const tookMs = await cell.tookMs(NAME);
  if (tookMs.length !== organizations) throw new Error(`${tookMs.length} of ${organizations} runs succeeded`);
  const at = `${organizations} organizations with one run each`;
  return [
    { name: `${at}: accepted, ${CALLERS} callers`, value: queued.perSecond, unit: 'runs/s' },
    { name: `${at}: throughput to the last end`, value: perSecond, unit: 'runs/s' },
    { name: `${at}: accept to end, p50`, value: quantile(tookMs, 0.5), unit: 'ms' },
    { name: `${at}: accept to end, the longest`, value: tookMs.at(-1) ?? Number.NaN, unit: 'ms' },
  ];
}
