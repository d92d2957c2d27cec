import { describe, expect, it } from '@jest/globals';
import { withKafka } from '#libs/testing';
import { cellStorm } from './cell-storm.ts';
import { historyFaults, RULES_FROM_OUTSIDE } from './history.ts';

const SEED = Number(process.env['HEADGATE_STORM_SEED'] ?? Date.now() % 1_000_000);

withKafka(describe)('a long storm over a cell', () => {
  it(`breaks no promise (seed ${SEED})`, async () => {
    const history = await cellStorm({
      seed: SEED,
      organizations: 4,
      callersEach: 4,
      seconds: 240,
      runs: 350,
      hitsOfEach: 3,
      maxFrozenMs: 8_000,
      outageMs: 60_000,
    });
    expect(historyFaults(history, RULES_FROM_OUTSIDE)).toEqual([]);
    expect(history.fallen).toEqual([]);
    // a storm in which nothing happened shows nothing
    expect(history.runs.length).toBeGreaterThan(300);
    expect(Object.entries(history.hits).filter(([, hits]) => hits < 3)).toEqual([]);
    expect(history.kills).toBeGreaterThanOrEqual(20);
    expect(history.freezes).toBeGreaterThanOrEqual(10);
    expect(history.events.filter(({ type }) => type === 'run.retried').length).toBeGreaterThan(10);
  }, 1_800_000);
});
