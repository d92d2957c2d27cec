import { describe, expect, it } from '@jest/globals';
import { Rounds } from './rounds.ts';

describe('rounds', () => {
  it('are gone one at a time, and once more for all who asked meanwhile', async () => {
    const begun: PromiseWithResolvers<void>[] = [];
    const rounds = new Rounds(
      () => {
        const round = Promise.withResolvers<void>();
        begun.push(round);
        return round.promise;
      },
      () => undefined,
    );
    for (let times = 0; times < 3; times += 1) rounds.ask();
    expect(begun).toHaveLength(1);
    begun[0]?.resolve();
    await new Promise(setImmediate);
    expect(begun).toHaveLength(2);
    begun[1]?.resolve();
    await rounds.rest();
    expect(begun).toHaveLength(2);
    rounds.ask();
    expect(begun).toHaveLength(3);
  });

  it('go on after one that failed, and say so', async () => {
    const failures: unknown[] = [];
    let count = 0;
    const rounds = new Rounds(
      async () => {
        count += 1;
        if (count === 1) throw new Error('the first');
      },
      (cause) => failures.push(cause),
    );
    rounds.ask();
    await rounds.rest();
    rounds.ask();
    await rounds.rest();
    expect([count, failures]).toEqual([2, [new Error('the first')]]);
  });
});
