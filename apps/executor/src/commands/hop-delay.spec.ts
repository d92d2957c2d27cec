import { describe, expect, it } from '@jest/globals';
import { HopDelay } from './hop-delay.ts';

/** A bus whose clock is an hour ahead of ours, and what it delivers at our times. */
function hop() {
  let nowMs = 1_000;
  const delay = new HopDelay(() => nowMs);
  return (atMs: number, tookMs: number, aheadMs = 3_600_000) => {
    nowMs = atMs;
    return delay.of(atMs - tookMs + aheadMs);
  };
}

describe('the delay of a hop', () => {
  it('is what a delivery took beyond the quickest, whatever the clocks say', () => {
    const took = hop();
    expect([took(1_000, 5), took(1_010, 25), took(1_020, 2), took(1_030, 12)]).toEqual([0, 20, 0, 10]);
  });

  it('forgets the quickest in time, so that clocks which drift apart do not become a delay', () => {
    const took = hop();
    took(1_000, 2);
    took(62_000, 2, 3_599_000);
    expect(took(123_000, 2, 3_599_000)).toBe(0);
    expect(took(123_010, 9, 3_599_000)).toBe(7);
  });

  it('keeps the quickest of the minute before, so that a slow one does not count as quick at once', () => {
    const took = hop();
    took(1_000, 2);
    expect(took(62_000, 30)).toBe(28);
  });
});
