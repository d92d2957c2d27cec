import { describe, expect, it } from '@jest/globals';
import { historyFaults } from './history.ts';
import { storm } from './storm.ts';

describe('a storm', () => {
  it('breaks no promise', async () => {
    const seed = Number(process.env['HEADGATE_STORM_SEED'] ?? Date.now() % 1_000_000);
    const history = await storm({
      seed,
      seconds: 20,
      organizations: 3,
      callersEach: 4,
      killRingEachMs: 6_000,
      hurtRunnerEachMs: 900,
      cutDatabaseEachMs: 4_500,
    });
    expect({ seed, faults: historyFaults(history) }).toEqual({ seed, faults: [] });
    // a storm in which nothing happened shows nothing
    expect(history.runs.length).toBeGreaterThan(50);
    expect(history.events.some(({ type }) => type === 'run.retried')).toBe(true);
    expect(history.books.length).toBeGreaterThan(2);
  }, 120_000);
});
