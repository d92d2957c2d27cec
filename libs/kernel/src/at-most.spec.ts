import { describe, expect, it } from '@jest/globals';
import { atMost } from './at-most.ts';

describe('waiting at most so long', () => {
  it('ends with the work, or fails with it', async () => {
    const begunMs = performance.now();
    await atMost(10_000, Promise.resolve());
    await expect(atMost(10_000, Promise.reject(new Error('it broke')))).rejects.toThrow('it broke');
    expect(performance.now() - begunMs).toBeLessThan(5_000);
  });

  it('ends without the work that takes longer', async () => {
    await expect(atMost(10, new Promise(() => undefined))).resolves.toBeUndefined();
  });
});
