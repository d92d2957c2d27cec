import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { SystemClock } from './clock.ts';

describe("the system's clock", () => {
  it('tells the time of day, and beside it a time that only grows', async () => {
    const clock = new SystemClock();
    expect(Math.abs(clock.now().getTime() - Date.now())).toBeLessThan(1_000);
    const before = clock.monotonicMs();
    await sleep(20);
    expect(clock.monotonicMs() - before).toBeGreaterThanOrEqual(19);
  });
});
