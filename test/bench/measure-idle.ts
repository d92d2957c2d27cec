import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, memoryMiB } from './processes.ts';
import { ProductProcess } from './product-process.ts';
import type { Line } from './report.ts';

const SETTLE_MS = 5_000;
const SECONDS = 20;

/** What an installation costs that does nothing: two warm runners wait. */
export async function measureIdle(directory: string): Promise<Line[]> {
  const product = await ProductProcess.start(directory, '');
  try {
    await sleep(SETTLE_MS);
    const before = cpuSeconds(product.roots);
    await sleep(SECONDS * 1000);
    const used = cpuSeconds(product.roots) - before;
    return [
      {
        name: 'idle: processor, with Postgres',
        value: (used / SECONDS) * 100,
        unit: '% of a core',
        mark: { is: 'at most', value: 1, of: 'a core' },
      },
      {
        name: 'idle: memory of our processes (PSS), two warm runners',
        value: memoryMiB([product.pid]),
        unit: 'MiB',
        mark: { is: 'at most', value: 350, of: 'without Postgres' },
      },
    ];
  } finally {
    await product.end();
  }
}
