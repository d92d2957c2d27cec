import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#libs/config';
import { type Line, table } from './report.ts';

const cache = join(projectRoot(), '.cache');

export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Does something in a directory of its own, which does not outlive it. */
export async function inDirectory<Result>(work: (directory: string) => Promise<Result>): Promise<Result> {
  mkdirSync(cache, { recursive: true, mode: 0o711 });
  const directory = mkdtempSync(join(cache, 'bench-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Prints the figures, and keeps them beside those of other benches. */
export function publish(name: string, lines: readonly Line[]): void {
  say(`\n${table(lines)}`);
  const machine = { node: process.version, platform: `${process.platform}-${process.arch}` };
  writeFileSync(join(cache, name), `${JSON.stringify({ ...machine, lines }, null, 2)}\n`);
  say(`\nwritten: .cache/${name}`);
}
