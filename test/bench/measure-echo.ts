import { promptChain } from '#libs/testing';
import type { Floors } from './floors.ts';
import { load, once, quantile } from './load.ts';
import { canMeasureProcesses, cpuSeconds } from './processes.ts';
import type { ProductProcess } from './product-process.ts';
import type { Line } from './report.ts';

const MARKED_CALLERS = 32;
const ROUNDS = 80;

/** The echo flow through the front door, by so many callers at once. */
export async function measureEcho(
  product: ProductProcess,
  floors: Floors,
  callers: number,
  seconds: number,
): Promise<Line[]> {
  const echo = await product.echo();
  await load(echo, callers, 0.5);
  const before = await product.counters();
  const cpuBefore = canMeasureProcesses ? cpuSeconds(product.roots) : Number.NaN;
  const measured = await load(echo, callers, seconds);
  const cpuAfter = canMeasureProcesses ? cpuSeconds(product.roots) : Number.NaN;
  const after = await product.counters();
  const runs = measured.latenciesMs.length;
  const p50 = quantile(measured.latenciesMs, 0.5);
  const p99 = quantile(measured.latenciesMs, 0.99);
  const handOffs = after.handOffsMs.toSorted((a, b) => a - b);
  const perRun = (count: number) => count / runs;

  const at = `echo, ${callers === 1 ? 'one caller' : `${callers} callers`}`;
  const figures: Record<string, Line> = {
    throughput: { name: `${at}: throughput`, value: measured.perSecond, unit: 'runs/s' },
    p50: { name: `${at}: p50`, value: p50, unit: 'ms' },
    p99: { name: `${at}: p99`, value: p99, unit: 'ms' },
    cpu: {
      name: `${at}: processor time per run, with Postgres`,
      value: ((cpuAfter - cpuBefore) * 1000) / runs,
      unit: 'ms',
    },
    statements: {
      name: `${at}: statements per run`,
      value: perRun(after.statements - before.statements),
      unit: '',
    },
    commits: { name: `${at}: commits per run`, value: perRun(after.commits - before.commits), unit: '' },
    messages: {
      name: `${at}: bus messages per run`,
      value: perRun(after.messages - before.messages),
      unit: '',
    },
    handOff: {
      name: `${at}: warm hand-off to the runner's first word, p50`,
      value: quantile(handOffs, 0.5),
      unit: 'ms',
    },
  };
  for (const [name, mark] of Object.entries(marksAt(callers, floors, p50))) {
    const line = figures[name];
    if (line) line.mark = mark;
  }
  return Object.values(figures);
}

function marksAt(callers: number, floors: Floors, p50: number): Record<string, NonNullable<Line['mark']>> {
  if (callers === 1) {
    return {
      p50: { is: 'at most', value: 6 * floors.insertMs, of: '2 × three inserts' },
      handOff: { is: 'at most', value: 2, of: 'warm' },
    };
  }
  if (callers !== MARKED_CALLERS) return {};
  return {
    throughput: { is: 'at least', value: 0.12 * floors.echoPerSecond, of: '12 % of the bare echo' },
    p99: { is: 'at most', value: 4 * p50, of: '4 × p50' },
    cpu: { is: 'at most', value: 2, of: 'all processes' },
    statements: { is: 'at most', value: 4, of: 'statements' },
    commits: { is: 'at most', value: 1.5, of: 'commits' },
  };
}

/** Forty nodes in a row, each with its checkpoint, one caller. */
export async function measureChain(product: ProductProcess): Promise<Line> {
  const chain = await product.deploy({ name: 'chain', definition: promptChain(40) });
  for (let round = 0; round < 10; round += 1) await once(chain);
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) times.push(await once(chain));
  return {
    name: 'chain of 40 prompts, each checkpointed, p50',
    value: quantile(
      times.sort((a, b) => a - b),
      0.5,
    ),
    unit: 'ms',
    mark: { is: 'at most', value: 30, of: 'the chain' },
  };
}
