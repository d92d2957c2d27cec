import { setTimeout as sleep } from 'node:timers/promises';
import { echoFlow } from '#libs/testing';
import type { Floors } from './floors.ts';
import { once, quantile } from './load.ts';
import type { ProductProcess } from './product-process.ts';
import type { Line } from './report.ts';

const ROUNDS = 10;
/** For the pool to make up for the runner that the last round took. */
const PAUSE_MS = 500;

/** The first run of an organization that has no runner yet. */
export async function measureColdStart(product: ProductProcess, floors: Floors): Promise<Line> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const cold = await product.deploy({ name: 'cold', definition: echoFlow() });
    await sleep(PAUSE_MS);
    times.push(await once(cold));
  }
  return {
    name: 'first run of an organization, p50',
    value: quantile(
      times.sort((a, b) => a - b),
      0.5,
    ),
    unit: 'ms',
    mark: { is: 'at most', value: floors.childStartMs + 10, of: 'a bare child process + 10 ms' },
  };
}
