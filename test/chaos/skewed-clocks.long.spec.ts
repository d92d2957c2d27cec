import { describe, expect, it } from '@jest/globals';
import { withKafka } from '#libs/testing';
import { cellStorm } from './cell-storm.ts';
import { historyFaults, RULES_FROM_OUTSIDE } from './history.ts';

const SEED = Number(process.env['HEADGATE_STORM_SEED'] ?? Date.now() % 1_000_000);

withKafka(describe)('a storm over machines whose clocks are an hour ahead and an hour behind', () => {
  it(`breaks no promise (seed ${SEED})`, async () => {
    const history = await cellStorm({
      seed: SEED,
      organizations: 3,
      callersEach: 3,
      seconds: 90,
      runs: 60,
      hitsInAll: 10,
      maxFrozenMs: 6_000,
      clockOffsetMs: 3_600_000,
    });
    expect(historyFaults(history, RULES_FROM_OUTSIDE)).toEqual([]);
    expect(history.fallen).toEqual([]);
    // a storm in which nothing happened shows nothing
    expect(history.runs.length).toBeGreaterThan(50);
    expect(history.kills + history.freezes).toBeGreaterThanOrEqual(10);
  }, 600_000);
});
