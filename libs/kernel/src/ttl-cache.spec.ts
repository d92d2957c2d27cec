import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TtlCache } from './ttl-cache.ts';

describe('a cache of answers that are right for a moment', () => {
  let cache: TtlCache<number>;
  let loads: number;
  beforeEach(() => {
    jest.useFakeTimers();
    cache = new TtlCache(5_000, 3);
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

  it('never grows beyond its size', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await cache.get(key, load);
    expect(await cache.get('d', load)).toBe(4);
    expect(await cache.get('a', load)).toBe(5);
  });
});
