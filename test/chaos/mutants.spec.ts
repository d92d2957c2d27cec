import { describe, expect, it } from '@jest/globals';
import { HISTORY_RULES, historyFaults, INVARIANTS, RULES_FROM_OUTSIDE } from './history.ts';
import type { Mutant } from './mutant.ts';
import { MUTANTS } from './mutants.ts';
import { ScriptedRing } from './scripted-ring.ts';

describe('the checker of a storm', () => {
  it('knows each invariant by the database and the callers alone', () => {
    for (const rules of Object.values(INVARIANTS)) {
      expect(rules).not.toEqual([]);
      expect(RULES_FROM_OUTSIDE).toEqual(expect.arrayContaining([...rules]));
    }
  });

  it('has a mutant of the product for each of its rules', () => {
    const broken = new Set(Object.values(MUTANTS).map(({ breaks }) => breaks));
    expect([...broken]).toEqual(Object.keys(HISTORY_RULES));
  });

  const catches = async ({ breaks, flow, script, mutate }: Mutant) => {
    const scripted = await ScriptedRing.start([flow]);
    try {
      await script(scripted);
      expect(historyFaults(await scripted.history((now) => historyFaults(now).length === 0))).toEqual([]);
      await mutate(scripted);
      await script(scripted);
      const broken = await scripted.history((now) => HISTORY_RULES[breaks](now).length > 0);
      expect(HISTORY_RULES[breaks](broken)).not.toEqual([]);
    } finally {
      await scripted.dispose();
    }
  };

  it.each(Object.entries(MUTANTS))('says nothing of the product, and tells where %s', async (_, mutant) =>
    catches(mutant),
  );
});
