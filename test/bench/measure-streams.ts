import { chain, chatInput, chatOutput, languageModel } from '#libs/testing';
import type { Floors } from './floors.ts';
import { firstEvents, quantile } from './load.ts';
import type { ProductProcess } from './product-process.ts';
import type { Line } from './report.ts';

const WARM_UP = 20;
const ROUNDS = 80;

/** When a stream's reader has the first event of each kind. */
export async function measureStreams(
  product: ProductProcess,
  floors: Floors,
  modelUrl: string,
): Promise<Line[]> {
  const chat = await product.deploy({
    name: 'chat',
    definition: chain(chatInput(), languageModel('LanguageModel-1'), chatOutput()),
    variables: [
      { name: 'OPENAI_API_KEY', value: 'a key for the bench', allowedHosts: [new URL(modelUrl).hostname] },
      { name: 'OPENAI_BASE_URL', value: modelUrl },
    ],
  });
  const seen: Map<string, number>[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round += 1) seen.push(await firstEvents(chat));
  const p50Of = (type: string) =>
    quantile(
      seen
        .slice(WARM_UP)
        .map((times) => times.get(type) ?? Number.NaN)
        .sort((a, b) => a - b),
      0.5,
    );
  const three = 3 * floors.insertMs;
  return [
    {
      name: 'stream: run.queued, p50',
      value: p50Of('run.queued'),
      unit: 'ms',
      mark: { is: 'at most', value: 1.5 * floors.insertMs, of: '1.5 × one insert' },
    },
    {
      name: 'stream: run.started, p50',
      value: p50Of('run.started'),
      unit: 'ms',
      mark: { is: 'at most', value: 1.5 * three, of: '1.5 × three inserts' },
    },
    {
      name: 'stream: first message.delta, p50',
      value: p50Of('message.delta'),
      unit: 'ms',
      mark: { is: 'at most', value: 1.5 * three + 10, of: '1.5 × three inserts + 10 ms' },
    },
  ];
}
