import type { JsonObject } from '#libs/kernel';
import { echoFlow, sleepingFlow, until } from '#libs/testing';
import type { KafkaCell } from './kafka-cell.ts';
import { callEach } from './load.ts';
import type { Line } from './report.ts';

const QUEUEING_CALLERS = 32;
const WITHIN_MS = 600_000;
const SLEEP_MS = 20;
/** So long that sleeping, and not the processors, says how many an executor ends. */
const LONG_SLEEP_MS = 250;
const ONE_RUNNER = { HEADGATE_MAX_RUNNERS: '1', HEADGATE_PREWARMED_RUNNERS: '1' };

export async function measureDrains(cell: KafkaCell, runs: number): Promise<Line[]> {
  const echo = await drain(cell, { name: 'echo-drain', flow: echoFlow(), runs, executors: [{}] });
  return [
    {
      name: `${runs} queued by ${QUEUEING_CALLERS} callers, nobody takes them`,
      value: echo.queuedPerSecond,
      unit: 'runs/s',
    },
    { name: `drain of ${runs} echo runs by one executor`, value: echo.perSecond, unit: 'runs/s' },
    ...(await compare(cell, SLEEP_MS, runs, {}, true)),
    ...(await compare(cell, LONG_SLEEP_MS, Math.ceil(runs / 5), ONE_RUNNER, false)),
  ];
}

/** What a second executor adds to runs that sleep. */
async function compare(
  cell: KafkaCell,
  ms: number,
  runs: number,
  env: Record<string, string>,
  isMarked: boolean,
): Promise<Line[]> {
  const flow = sleepingFlow(ms);
  const one = await drain(cell, { name: `sleep-${ms}-one`, flow, runs, executors: [env] });
  const two = await drain(cell, { name: `sleep-${ms}-two`, flow, runs, executors: [env, env] });
  const each = env === ONE_RUNNER ? ' of one runner' : '';
  const what = `drain of ${runs} runs that sleep ${ms} ms`;
  return [
    { name: `${what} by one executor${each}`, value: one.perSecond, unit: 'runs/s' },
    { name: `${what} by two${each}`, value: two.perSecond, unit: 'runs/s' },
    {
      name: `${what}: the second${each} adds`,
      value: (two.perSecond / one.perSecond - 1) * 100,
      unit: '%',
      ...(isMarked && { mark: { is: 'at least', value: 80, of: 'the first' } }),
    },
  ];
}

interface Drain {
  name: string;
  flow: JsonObject;
  runs: number;
  /** The environment of each. */
  executors: Record<string, string>[];
}

/** Runs that are queued while there is no executor; timed from the first claim to the last end that is committed. */
async function drain(
  cell: KafkaCell,
  { name, flow, runs, executors }: Drain,
): Promise<{ queuedPerSecond: number; perSecond: number }> {
  await cell.noExecutors();
  const target = await cell.deploy(await cell.cell.tenant(), name, flow, 0);
  const queued = await callEach(
    Array.from({ length: runs }, () => target),
    QUEUEING_CALLERS,
  );
  await cell.startExecutors(executors);
  const firstMs = await until(
    `the first run of ${name} is claimed`,
    async () =>
      (await cell.isSo('(select count(*) from run_live where status = $1) < $2', ['queued', runs])) &&
      performance.now(),
    WITHIN_MS,
  );
  await until(
    `the last run of ${name} has ended`,
    () => cell.isSo('not exists (select from run_live)'),
    WITHIN_MS,
  );
  const lastMs = performance.now();
  const { length: succeeded } = await cell.tookMs(name);
  if (succeeded !== runs) throw new Error(`${succeeded} of ${runs} runs of ${name} have succeeded`);
  return { queuedPerSecond: queued.perSecond, perSecond: (runs * 1000) / (lastMs - firstMs) };
}
