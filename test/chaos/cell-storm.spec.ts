import { describe, expect, it } from '@jest/globals';
import { KAFKA_WITHIN_MS, withKafka } from '#libs/testing';
import { cellStorm } from './cell-storm.ts';
import { historyFaults, RULES_FROM_OUTSIDE } from './history.ts';

const SEED = Number(process.env['HEADGATE_STORM_SEED'] ?? Date.now() % 1_000_000);

withKafka(describe)('a storm over a cell', () => {
  it(
    `breaks no promise (seed ${SEED})`,
    async () => {
      const history = await cellStorm({
        seed: SEED,
        organizations: 3,
        callersEach: 2,
        seconds: 15,
        runs: 25,
        hitsInAll: 5,
        maxFrozenMs: 1_500,
      });
      expect(historyFaults(history, RULES_FROM_OUTSIDE)).toEqual([]);
      expect(history.fallen).toEqual([]);
      // a storm in which nothing happened shows nothing
      expect(history.runs.length).toBeGreaterThan(20);
      expect(history.kills + history.freezes).toBeGreaterThanOrEqual(5);
      expect(history.callers.some(({ readAt }) => readAt.size > 1)).toBe(true);
    },
    KAFKA_WITHIN_MS,
  );
});
