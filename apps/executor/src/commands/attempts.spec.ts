import { describe, expect, it } from '@jest/globals';
import { Attempts } from './attempts.ts';

const key = (attempt: number, runId = 'r1') => ({ organizationId: 'o1', runId, attempt });

describe('the attempts of an executor', () => {
  it('are accepted once while they run, when they are done, and when that is recorded', () => {
    const attempts = new Attempts();
    expect([attempts.accept(key(1)), attempts.accept(key(1))]).toEqual([true, false]);
    attempts.finish(key(1), 'ended');
    expect(attempts.accept(key(1))).toBe(false);
    attempts.recorded(key(1));
    expect(attempts.accept(key(1))).toBe(false);
  });

  it('are each their own: another attempt of the run, and another run', () => {
    const attempts = new Attempts();
    expect([key(1), key(2), key(1, 'r2')].map((one) => attempts.accept(one))).toEqual([true, true, true]);
  });

  it('are held until they finish, and done until that is recorded', () => {
    const attempts = new Attempts();
    attempts.accept(key(1));
    attempts.accept(key(2));
    attempts.finish(key(1), 'lost');
    expect(attempts.held()).toEqual([key(2)]);
    expect(attempts.done()).toEqual([{ ...key(1), outcome: 'lost' }]);
    attempts.recorded(key(1));
    expect(attempts.done()).toEqual([]);
  });

  it('finish once, with the first outcome', () => {
    const attempts = new Attempts();
    attempts.finish(key(1), 'ended');
    attempts.accept(key(1));
    attempts.finish(key(1), 'ended');
    attempts.finish(key(1), 'returned');
    expect(attempts.done()).toEqual([{ ...key(1), outcome: 'ended' }]);
  });

  it('stay held where the record of another executor’s is confirmed', () => {
    const attempts = new Attempts();
    attempts.accept(key(1));
    attempts.recorded(key(1));
    expect(attempts.held()).toEqual([key(1)]);
  });

  it('are forgotten, the oldest first, beyond the last 20,000', () => {
    const attempts = new Attempts();
    for (let attempt = 1; attempt <= 20_001; attempt += 1) {
      attempts.accept(key(attempt));
      attempts.finish(key(attempt), 'ended');
      attempts.recorded(key(attempt));
    }
    expect([attempts.accept(key(2)), attempts.accept(key(1))]).toEqual([false, true]);
  });
});
