import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { contentHash } from '#libs/crypto';
import { TWO_NODES } from '../../../../libs/testing/src/executor-parts.ts';
import { StubOrigin } from '../../../../libs/testing/src/stub-origin.ts';
import { fetchGranted, PlanCache, within } from './granted-blobs.ts';

const PLAN = Buffer.from(JSON.stringify(TWO_NODES));
const HASH = contentHash(PLAN);
const NEVER = new AbortController().signal;

let store: StubOrigin;
beforeAll(async () => {
  store = await StubOrigin.start((response) => response.end());
});
afterEach(() => {
  store.requests.length = 0;
});
afterAll(() => store.stop());

describe('a granted blob', () => {
  it('is fetched as it is', async () => {
    const bytes = Buffer.from([0, 255, 10]);
    store.answer = (response) => response.end(bytes);
    expect(await fetchGranted(`${store.url}/x`, NEVER)).toEqual(bytes);
  });

  it.each<[string, StubOrigin['answer'], RegExp]>([
    ['the grant is refused', (response) => response.writeHead(403).end(), /answered 403/],
    [
      'it is larger than any may be',
      (response) => response.writeHead(200, { 'content-length': 2 ** 26 + 1 }).flushHeaders(),
      /may hold 67108864 bytes/,
    ],
    ['nobody answers', (response) => response.destroy(), /cannot be reached/],
  ])('is not there where %s', async (_what, answer, message) => {
    store.answer = answer;
    await expect(fetchGranted(store.url, NEVER)).rejects.toThrow(message);
  });
});

describe('a bound in time', () => {
  it('ends by itself', async () => {
    const signal = within(5);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    expect(signal.reason).toMatchObject({ name: 'TimeoutError' });
  });

  it('ends with what it is for', () => {
    const run = new AbortController();
    const signal = within(60_000, run.signal);
    expect(signal.aborted).toBe(false);
    run.abort();
    expect(signal.aborted).toBe(true);
  });
});

describe('the cache of plans', () => {
  it('fetches a plan once, also for many who want it at once', async () => {
    store.answer = (response) => response.end(PLAN);
    const plans = new PlanCache();
    const all = await Promise.all([1, 2, 3].map(() => plans.get(HASH, store.url)));
    all.push(await plans.get(HASH, store.url));
    expect(all).toEqual([TWO_NODES, TWO_NODES, TWO_NODES, TWO_NODES]);
    expect(store.requests).toHaveLength(1);
  });

  it('refuses content of another hash, and content that is no plan', async () => {
    store.answer = (response) => response.end(`${PLAN} `);
    await expect(new PlanCache().get(HASH, store.url)).rejects.toThrow('not what its hash says');
    store.answer = (response) => response.end('{}');
    await expect(new PlanCache().get(contentHash('{}'), store.url)).rejects.toThrow();
  });

  it('tries again after a failure', async () => {
    store.answer = (response) => response.writeHead(503).end();
    const plans = new PlanCache();
    await expect(plans.get(HASH, store.url)).rejects.toThrow('answered 503');
    store.answer = (response) => response.end(PLAN);
    await expect(plans.get(HASH, store.url)).resolves.toEqual(TWO_NODES);
  });

  it('keeps the five hundred plans that were used last', async () => {
    const contents = Array.from({ length: 501 }, (_, index) =>
      JSON.stringify({ ...TWO_NODES, outputs: [`${index}`] }),
    );
    store.answer = (response, { path }) => response.end(contents[Number(path.slice(1))]);
    const plans = new PlanCache();
    const get = (index: number) => plans.get(contentHash(contents[index] ?? ''), `${store.url}/${index}`);
    for (let index = 0; index < 500; index += 1) await get(index);
    await get(0);
    await get(500);
    store.requests.length = 0;
    await get(0);
    await get(1);
    expect(store.requests.map((request) => request.path)).toEqual(['/1']);
  });
});
