import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TtlCache } from './ttl-cache.ts';

describe('a cache of answers that are right for a moment', () => {
  let cache: TtlCache<number>;
  let loads: number;
  beforeEach(() => {
    jest.useFakeTimers();
    cache = new TtlCache(5_000, 3, 2);
    loads = 0;
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  const load = async () => {
    loads += 1;
    return loads;
  };

  it('asks once for one key, also for those who come at the same time', async () => {
    expect(await Promise.all([cache.get('a', load), cache.get('a', load)])).toEqual([1, 1]);
    expect(await cache.get('b', load)).toBe(2);
    expect(await cache.get('a', load)).toBe(1);
  });

  it('asks again when the moment is over', async () => {
    await cache.get('a', load);
    jest.advanceTimersByTime(4_999);
    expect(await cache.get('a', load)).toBe(1);
    jest.advanceTimersByTime(1);
    expect(await cache.get('a', load)).toBe(2);
  });

  it('asks again after it was told to forget, also where an answer was under way', async () => {
    const { promise, resolve } = Promise.withResolvers<number>();
    const underWay = cache.get('a', () => promise);
    cache.clear();
    expect(await cache.get('a', load)).toBe(1);
    resolve(99);
    expect(await underWay).toBe(99);
    expect(await cache.get('a', load)).toBe(1);
  });

  it('does not keep a failure, and a late failure takes nothing newer along', async () => {
    await expect(cache.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await cache.get('a', load)).toBe(1);
    const { promise, reject } = Promise.withResolvers<number>();
    const late = cache.get('b', () => promise);
    cache.clear();
    await cache.get('b', load);
    reject(new Error('late'));
    await expect(late).rejects.toThrow('late');
    expect(await cache.get('b', load)).toBe(2);
  });

  it('never grows beyond its size, and lets the oldest answer go', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await cache.get(key, load);
    for (const [key, answer] of [
      ['b', 2],
      ['c', 3],
      ['d', 4],
      ['a', 5],
    ] as const)
      expect(await cache.get(key, load)).toBe(answer);
  });

  it('keeps what is there, however much is asked for that is not', async () => {
    const none = async () => undefined;
    await cache.get('a', load);
    for (const key of ['x', 'y', 'z', '1', '2', '3']) expect(await cache.get(key, none)).toBeUndefined();
    expect(await cache.get('a', load)).toBe(1);
    // the last of them are known, the first are asked for again
    expect(await cache.get('3', load)).toBeUndefined();
    expect(await cache.get('x', load)).toBe(2);
  });

  it('forgets what is stale, and nothing else', async () => {
    await cache.get('a/1', load);
    await cache.get('b/1', load);
    await cache.get('a/2', async () => undefined);
    const { promise, resolve } = Promise.withResolvers<number>();
    const underWay = cache.get('a/3', () => promise);
    cache.forget((key) => key.startsWith('a/'));
    resolve(99);
    await underWay;
    const answers = [];
    for (const key of ['b/1', 'a/1', 'a/2', 'a/3']) answers.push(await cache.get(key, load));
    expect(answers).toEqual([2, 3, 4, 5]);
  });
});
