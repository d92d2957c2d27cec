import { describe, expect, it } from '@jest/globals';
import { historyFaults } from './history.ts';
import { storm } from './storm.ts';

const SEED = Number(process.env['HEADGATE_STORM_SEED'] ?? Date.now() % 1_000_000);

describe('a long storm', () => {
  it(`breaks no promise (seed ${SEED})`, async () => {
    const history = await storm({
      seed: SEED,
      organizations: 6,
      callersEach: 4,
      seconds: 300,
      runs: 350,
      ringKills: 8,
      killRingEachMs: 25_000,
      hurtRunnerEachMs: 1_500,
      cutDatabaseEachMs: 11_000,
      maxOutageMs: 5_000,
    });
    expect(historyFaults(history)).toEqual([]);
    // a storm in which nothing happened shows nothing
    expect(history.runs.length).toBeGreaterThan(300);
    expect(history.events.filter(({ type }) => type === 'run.retried').length).toBeGreaterThan(50);
    expect(history.books.length).toBeGreaterThan(8);
  }, 900_000);
});
