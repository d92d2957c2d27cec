import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const TICKS_PER_SECOND = 100;

/** The processor time and memory of process trees, as Linux tells it; elsewhere nothing is known. */
export const canMeasureProcesses = process.platform === 'linux';

interface Stat {
  pid: number;
  parent: number;
  seconds: number;
}

/** Processor seconds that these processes and all below them have used. */
export function cpuSeconds(roots: readonly number[]): number {
  return below(roots).reduce((sum, { seconds }) => sum + seconds, 0);
}

/** What a process has started and what lives. */
export function childrenOf(parent: number): number[] {
  return stats().flatMap((stat) => (stat.parent === parent ? [stat.pid] : []));
}

/** Proportional memory of these processes and all below them, in MiB. */
export function memoryMiB(roots: readonly number[]): number {
  const kib = below(roots).reduce(
    (sum, { pid }) => sum + Number(/^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0),
    0,
  );
  return kib / 1024;
}

/** The postmaster of an embedded Postgres. */
export function postmaster(directory: string): number {
  return Number.parseInt(read(join(directory, 'postgres', 'data', 'postmaster.pid')), 10);
}

function below(roots: readonly number[]): Stat[] {
  const all = stats();
  const found = new Set(roots);
  for (let grew = true; grew; ) {
    grew = false;
    for (const { pid, parent } of all) {
      if (found.has(pid) || !found.has(parent)) continue;
      found.add(pid);
      grew = true;
    }
  }
  return all.filter(({ pid }) => found.has(pid));
}

function stats(): Stat[] {
  if (!canMeasureProcesses) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)));
}

function statOf(pid: number): Stat[] {
  const text = read(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields.length < 15) return [];
  // own time, and that of children which have ended
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return [{ pid, parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND }];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
