import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#libs/config';
import { StubModel } from '#libs/testing';
import { takeFloors } from './floors.ts';
import { measureColdStart } from './measure-cold-start.ts';
import { measureChain, measureEcho } from './measure-echo.ts';
import { measureIdle } from './measure-idle.ts';
import { measureStreams } from './measure-streams.ts';
import { ProductProcess } from './product-process.ts';
import { type Line, table } from './report.ts';

const SECONDS = Number(process.env['HEADGATE_BENCH_SECONDS'] ?? 6);

const cache = join(projectRoot(), '.cache');
mkdirSync(cache, { recursive: true, mode: 0o711 });
const out = join(cache, 'bench.json');
const lines: Line[] = [];
const say = (text: string) => process.stdout.write(`${text}\n`);

if (process.platform === 'linux') {
  say('idle …');
  lines.push(...(await inDirectory((directory) => measureIdle(directory))));
}
const stub = await new StubModel().start();
await inDirectory(async (directory) => {
  const product = await ProductProcess.start(directory, new URL(stub.origin).host);
  try {
    await product.warmUp();
    say('floors …');
    const floors = await takeFloors(product.databaseUrl, SECONDS);
    lines.unshift(...floors.lines);
    say('echo …');
    for (const callers of [1, 16, 32, 64])
      lines.push(...(await measureEcho(product, floors, callers, SECONDS)));
    say('streams …');
    lines.push(...(await measureStreams(product, floors, stub.baseUrl)));
    say('chain …');
    lines.push(await measureChain(product));
    say('organizations without a runner …');
    lines.push(await measureColdStart(product, floors));
  } finally {
    await product.end();
  }
});
await stub.stop();

say(`\n${table(lines)}`);
const machine = { node: process.version, platform: `${process.platform}-${process.arch}` };
writeFileSync(out, `${JSON.stringify({ ...machine, lines }, null, 2)}\n`);
say('\nwritten: .cache/bench.json');

async function inDirectory<Result>(work: (directory: string) => Promise<Result>): Promise<Result> {
  const directory = mkdtempSync(join(cache, 'bench-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
