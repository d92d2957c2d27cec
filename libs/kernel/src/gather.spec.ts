import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from '@jest/globals';
import { carryContext, Gather } from './gather.ts';

/** A gather whose flushes end when the test says so. */
function controlled(maxItems = 100) {
  const flushes: { items: number[]; end: (outcomes: string[]) => void; fail: (cause: Error) => void }[] = [];
  const gather = new Gather<number, string>((items) => {
    const { promise, resolve, reject } = Promise.withResolvers<string[]>();
    flushes.push({ items, end: resolve, fail: reject });
    return promise;
  }, maxItems);
  const turn = () => new Promise(setImmediate);
  return { gather, flushes, turn };
}

describe('gathering', () => {
  it('flushes together what was added in one turn', async () => {
    const { gather, flushes, turn } = controlled();
    void gather.add(1);
    void gather.add(2);
    expect(flushes).toEqual([]);
    await turn();
    expect(flushes.map((flush) => flush.items)).toEqual([[1, 2]]);
  });

  it('gives each item its own outcome', async () => {
    const { gather, flushes, turn } = controlled();
    const outcomes = [gather.add(1), gather.add(2), gather.add(3)];
    await turn();
    flushes[0]?.end(['one', 'two', 'three']);
    expect(await Promise.all(outcomes)).toEqual(['one', 'two', 'three']);
  });

  it('gathers the next batch while one is under way, and flushes one at a time', async () => {
    const { gather, flushes, turn } = controlled();
    void gather.add(1);
    await turn();
    void gather.add(2);
    await turn();
    void gather.add(3);
    await turn();
    expect(flushes.map((flush) => flush.items)).toEqual([[1]]);
    flushes[0]?.end(['one']);
    await turn();
    expect(flushes.map((flush) => flush.items)).toEqual([[1], [2, 3]]);
  });

  it('puts no more into a batch than it may hold, and keeps the order', async () => {
    const { gather, flushes, turn } = controlled(2);
    const outcomes = [1, 2, 3, 4, 5].map((item) => gather.add(item));
    for (let round = 0; round < 3; round += 1) {
      await turn();
      flushes[round]?.end(flushes[round]?.items.map(String) ?? []);
    }
    expect(await Promise.all(outcomes)).toEqual(['1', '2', '3', '4', '5']);
    expect(flushes.map((flush) => flush.items)).toEqual([[1, 2], [3, 4], [5]]);
  });

  it('fails the items of a failed batch alone, and goes on', async () => {
    const { gather, flushes, turn } = controlled();
    const failing = [gather.add(1), gather.add(2)].map((outcome) =>
      outcome.catch((cause: Error) => cause.message),
    );
    await turn();
    const next = gather.add(3);
    flushes[0]?.fail(new Error('it broke'));
    expect(await Promise.all(failing)).toEqual(['it broke', 'it broke']);
    await turn();
    flushes[1]?.end(['three']);
    expect(await next).toBe('three');
  });

  it('survives a flush that throws at once', async () => {
    let isBroken = true;
    const gather = new Gather<number, number>((items) => {
      if (isBroken) throw new Error('at once');
      return Promise.resolve(items);
    }, 10);
    await expect(gather.add(1)).rejects.toThrow('at once');
    isBroken = false;
    expect(await gather.add(2)).toBe(2);
  });

  it('starts anew after it was idle', async () => {
    const { gather, flushes, turn } = controlled();
    for (const [round, item] of [1, 2].entries()) {
      const outcome = gather.add(item);
      await turn();
      flushes[round]?.end([`outcome ${item}`]);
      expect(await outcome).toBe(`outcome ${item}`);
      await turn();
    }
    expect(flushes).toHaveLength(2);
  });

  it('flushes within what was under way when the first item of the batch came, once that is wanted', async () => {
    carryContext();
    const work = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const gather = new Gather<number, string>(async (items) => {
      seen.push(work.getStore());
      await gates[seen.length - 1]?.promise;
      return items.map(String);
    }, 100);
    const first = work.run('first', () => gather.add(1));
    await new Promise(setImmediate);
    const others = [work.run('second', () => gather.add(2)), work.run('third', () => gather.add(3))];
    for (const gate of gates) gate.resolve();
    await Promise.all([first, ...others]);
    expect(seen).toEqual(['first', 'second']);
  });
});
