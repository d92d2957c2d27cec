import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { APPEND_MUTANTS, APPEND_RULES, type AppendRule, SqlRuns, withMutant } from '#libs/testing';

const TAKEN_PLACE = '23505';

const NAMES = Object.keys(APPEND_MUTANTS) as (keyof typeof APPEND_MUTANTS)[];

describe('every rule of append_events', () => {
  let runs: SqlRuns;
  beforeAll(async () => {
    runs = await SqlRuns.create();
  });
  afterAll(() => runs.dispose());

  /** Two events for one place in the log are refused by its key, and the run would be ended for it. */
  const holds = async (rule: AppendRule): Promise<boolean> => {
    try {
      return await rule(runs);
    } catch (cause) {
      if ((cause as { code?: string }).code === TAKEN_PLACE) return false;
      throw cause;
    }
  };

  it.each(NAMES)('is missed where it is taken out: %s', async (name) => {
    const rule = APPEND_RULES[name];
    expect(await holds(rule)).toBe(true);
    expect(await withMutant(runs.database, 'append_events', APPEND_MUTANTS[name], () => holds(rule))).toBe(
      false,
    );
    expect(await holds(rule)).toBe(true);
  });

  it('is taken out only where it stands', async () => {
    const nothing = [['this stands nowhere', '']] as const;
    await expect(withMutant(runs.database, 'append_events', nothing, async () => undefined)).rejects.toThrow(
      'this does not stand once in append_events',
    );
  });
});
