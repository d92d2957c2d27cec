import { describe, expect, it } from '@jest/globals';
import { RING_MUTANTS } from './ring-mutants.ts';
import { RingOfParts } from './ring-of-parts.ts';
import { RING_RULES } from './ring-rules.ts';

describe('the protocol of the ring', () => {
  it('has a mutant for each of its rules', () => {
    const broken = new Set(Object.values(RING_MUTANTS).map(({ breaks }) => breaks));
    expect([...broken]).toEqual(Object.keys(RING_RULES));
  });

  /** What each rule says of a ring with which something was done. */
  const faultsAfter = async (work: (ring: RingOfParts) => Promise<void>) => {
    const ring = await RingOfParts.start();
    try {
      await work(ring);
      const faults: Partial<Record<string, string[]>> = {};
      for (const [name, rule] of Object.entries(RING_RULES)) {
        const found = await rule(ring);
        if (found.length > 0) faults[name] = found;
      }
      return faults;
    } finally {
      await ring.dispose();
    }
  };

  it.each(Object.entries(RING_MUTANTS))(
    'holds whatever is lost, late, repeated or frozen, and by its rule shows where %s',
    async (_, { breaks, script, broken }) => {
      expect(await faultsAfter(script)).toEqual({});
      const faults = await faultsAfter((ring) => broken(ring, () => script(ring)));
      expect(faults[breaks]).not.toBeUndefined();
    },
  );
});
