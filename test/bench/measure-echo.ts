import { promptChain } from '#libs/testing';
import type { Floors } from './floors.ts';
import { load, once, quantile } from './load.ts';
import type { Measurable } from './measurable.ts';
import { canMeasureProcesses, cpuSeconds } from './processes.ts';
import type { ProductProcess } from './product-process.ts';
import type { Line } from './report.ts';

const MARKED_CALLERS = 32;
const ROUNDS = 80;

/** By what a figure is known to those who set its mark. */
export type EchoFigures = Record<EchoFigure, number>;

type EchoFigure =
  | 'throughput'
  | 'p50'
  | 'p99'
  | 'cpu'
  | 'statements'
  | 'commits'
  | 'messages'
  | 'requests'
  | 'handOff';

export type Marks<Name extends string> = Partial<Record<Name, NonNullable<Line['mark']>>>;

/** The echo flow through the front door, by so many callers at once. */
export async function measureEcho(
  product: ProductProcess,
  floors: Floors,
  callers: number,
  seconds: number,
): Promise<Line[]> {
  const { figures } = await takeEcho(product, callers, seconds);
  const { requests, ...shown } = figures;
  return echoLines(callers, 'Postgres', shown, marksAt(callers, floors, figures.p50));
}

export async function takeEcho(
  product: Measurable,
  callers: number,
  seconds: number,
): Promise<{ figures: EchoFigures; cpuMsOf: Map<string, number> }> {
  const echo = await product.echo();
  await load(echo, callers, 0.5);
  const before = await product.counters();
  const cpuBefore = cpuOfParts(product);
  const measured = await load(echo, callers, seconds);
  const cpuAfter = cpuOfParts(product);
  const after = await product.counters();
  const runs = measured.latenciesMs.length;
  const handOffs = after.handOffsMs.toSorted((a, b) => a - b);
  const perRun = (what: 'statements' | 'commits' | 'messages' | 'requests') =>
    (after[what] - before[what]) / runs;
  const cpuMsOf = new Map(
    [...cpuAfter].map(([part, used]) => [part, ((used - (cpuBefore.get(part) ?? 0)) * 1000) / runs]),
  );
  const figures = {
    throughput: measured.perSecond,
    p50: quantile(measured.latenciesMs, 0.5),
    p99: quantile(measured.latenciesMs, 0.99),
    cpu: [...cpuMsOf.values()].reduce((sum, ms) => sum + ms, 0),
    statements: perRun('statements'),
    commits: perRun('commits'),
    messages: perRun('messages'),
    requests: perRun('requests'),
    handOff: quantile(handOffs, 0.5),
  };
  return { figures, cpuMsOf };
}

function cpuOfParts({ parts }: Measurable): Map<string, number> {
  return new Map(
    Object.entries(parts).map(([part, roots]) => [
      part,
      canMeasureProcesses ? cpuSeconds(roots) : Number.NaN,
    ]),
  );
}

export function echoLines(
  callers: number,
  servers: string,
  figures: Partial<EchoFigures>,
  marks: Marks<keyof EchoFigures>,
): Line[] {
  const at = atCallers(callers);
  const all: [name: keyof EchoFigures, words: string, unit: string][] = [
    ['throughput', 'throughput', 'runs/s'],
    ['p50', 'p50', 'ms'],
    ['p99', 'p99', 'ms'],
    ['cpu', `processor time per run, with ${servers}`, 'ms'],
    ['statements', 'statements per run', ''],
    ['commits', 'commits per run', ''],
    ['messages', 'bus messages per run', ''],
    ['requests', 'produce requests per run', ''],
    ['handOff', "warm hand-off to the runner's first word, p50", 'ms'],
  ];
  return all.flatMap(([name, words, unit]) => {
    const value = figures[name];
    const mark = marks[name];
    return value === undefined ? [] : [{ name: `${at}: ${words}`, value, unit, ...(mark && { mark }) }];
  });
}

export function atCallers(callers: number): string {
  return `echo, ${callers === 1 ? 'one caller' : `${callers} callers`}`;
}

function marksAt(callers: number, floors: Floors, p50: number): Marks<keyof EchoFigures> {
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
