import { afterEach, describe, expect, it } from '@jest/globals';
import { SystemClock, setWall, wallMs } from './clock.ts';
import { newId, timeOfId } from './id.ts';

const SOME_DAY = Date.UTC(2031, 4, 5, 6, 7, 8);
const NEAR_MS = 2_000;

describe('the time of the wall', () => {
  afterEach(() => setWall());

  it('is that of the machine until a clock is set, and again when none is', () => {
    const isOurs = () => Math.abs(wallMs() - Date.now()) < NEAR_MS;
    expect(isOurs()).toBe(true);
    setWall(SOME_DAY);
    expect(isOurs()).toBe(false);
    setWall();
    expect(isOurs()).toBe(true);
  });

  it('goes on from what was set, whatever becomes of the clock of the machine', () => {
    const { now } = Date;
    try {
      setWall(SOME_DAY);
      Date.now = () => 0;
      const since = performance.now();
      while (performance.now() < since + 5);
      expect(wallMs()).toBeGreaterThanOrEqual(SOME_DAY + 4);
      expect(wallMs()).toBeLessThan(SOME_DAY + NEAR_MS);
    } finally {
      Date.now = now;
    }
  });

  it('is what clocks show and ids carry', () => {
    setWall(SOME_DAY);
    for (const ms of [new SystemClock().now().getTime(), timeOfId(newId())]) {
      expect(ms).toBeGreaterThanOrEqual(SOME_DAY);
      expect(ms).toBeLessThan(SOME_DAY + NEAR_MS);
    }
  });
});
