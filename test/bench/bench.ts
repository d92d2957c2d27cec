import { StubModel } from '#libs/testing';
import { takeFloors } from './floors.ts';
import { measureColdStart } from './measure-cold-start.ts';
import { measureChain, measureEcho } from './measure-echo.ts';
import { measureIdle } from './measure-idle.ts';
import { measureStreams } from './measure-streams.ts';
import { canMeasureProcesses } from './processes.ts';
import { ProductProcess } from './product-process.ts';
import type { Line } from './report.ts';
import { inDirectory, publish, say } from './scratch.ts';

const SECONDS = Number(process.env['HEADGATE_BENCH_SECONDS'] ?? 6);

const lines: Line[] = [];

if (canMeasureProcesses) {
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
publish('bench.json', lines);
