import { describe, expect, it } from '@jest/globals';
import { historyFaults } from './history.ts';
import { storm } from './storm.ts';

const SEED = Number(process.env['HEADGATE_STORM_SEED'] ?? Date.now() % 1_000_000);

describe('a storm', () => {
  it(`breaks no promise (seed ${SEED})`, async () => {
    const history = await storm({
      seed: SEED,
      organizations: 3,
      callersEach: 4,
      seconds: 10,
      runs: 40,
      ringKills: 2,
      killRingEachMs: 3_000,
      hurtRunnerEachMs: 600,
      cutDatabaseEachMs: 2_000,
      maxOutageMs: 300,
    });
    expect(historyFaults(history)).toEqual([]);
    // a storm in which nothing happened shows nothing
    expect(history.runs.length).toBeGreaterThan(30);
    expect(history.events.some(({ type }) => type === 'run.retried')).toBe(true);
    expect(history.books.length).toBeGreaterThan(2);
  }, 120_000);
});
