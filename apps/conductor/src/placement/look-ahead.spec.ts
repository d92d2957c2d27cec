import { describe, expect, it } from '@jest/globals';
import { executorStatus } from '../../../../libs/testing/src/executor-status.ts';
import { Executors } from './executors.ts';

const SOON_MS = 20;

/** Executors of runners with two slots; all that `a` sends lands there until none is left. */
const executorsOf = (runners: Record<string, number>): Executors => {
  const executors = new Executors();
  for (const [executorId, maxRunners] of Object.entries(runners))
    executors.heard(executorStatus({ executorId, maxRunners, slotsPerRunner: 2 }));
  return executors;
};
const fill = (executors: Executors, organizationId = 'a'): string[] => {
  const filled: string[] = [];
  for (;;) {
    const executorId = executors.choose(organizationId);
    if (executorId === undefined) return filled;
    executors.sent(executorId, organizationId);
    filled.push(executorId);
  }
};

describe('a run that is sent ahead', () => {
  it('is one for each runner, where a run of the organization was soon over', () => {
    const executors = executorsOf({ e: 2 });
    expect(fill(executors)).toHaveLength(4);
    executors.ended('e', 'a', false, SOON_MS);
    expect(fill(executors)).toHaveLength(1 + 2);
  });

  it('takes the next slot that comes free, and another is sent ahead', () => {
    const executors = executorsOf({ e: 1 });
    fill(executors);
    executors.ended('e', 'a', false, SOON_MS);
    fill(executors);
    for (let ended = 0; ended < 5; ended += 1) {
      executors.ended('e', 'a', false, SOON_MS);
      expect(fill(executors)).toHaveLength(1);
    }
  });

  it('is none where slots are long taken: there may be room elsewhere before', () => {
    const executors = executorsOf({ e: 1 });
    fill(executors);
    executors.ended('e', 'a', false, 1_000);
    expect(fill(executors)).toHaveLength(1);
    executors.ended('e', 'a');
    expect(fill(executors)).toHaveLength(1);
  });

  it('is none where a slot is free, here or elsewhere', () => {
    const executors = executorsOf({ e: 1, other: 1 });
    fill(executors);
    executors.ended('e', 'a', false, SOON_MS);
    executors.ended('other', 'a', false, 1_000);
    expect(fill(executors)).toEqual(['e', 'other', 'e']);
  });

  it('is of no other organization, and none that is to be alone', () => {
    const executors = executorsOf({ e: 1 });
    fill(executors);
    executors.ended('e', 'a', false, SOON_MS);
    executors.sent('e', 'a');
    expect(executors.choose('b')).toBeUndefined();
    expect(executors.choose('a', true)).toBeUndefined();
    expect(executors.choose('a')).toBe('e');
  });

  it('is none of an organization that makes way', () => {
    const executors = executorsOf({ e: 1 });
    fill(executors);
    executors.ended('e', 'a', false, SOON_MS);
    executors.sent('e', 'a');
    executors.refused(['b'], 0);
    executors.refused(['b'], 1_000);
    expect(executors.choose('a')).toBeUndefined();
  });

  it('is none on an executor that drains or is parked', () => {
    for (const word of [{ isDraining: true }, { isParked: true }]) {
      const executors = executorsOf({ e: 1 });
      fill(executors);
      executors.ended('e', 'a', false, SOON_MS);
      executors.sent('e', 'a');
      executors.heard(executorStatus({ executorId: 'e', maxRunners: 1, slotsPerRunner: 2, ...word }));
      expect(executors.choose('a')).toBeUndefined();
    }
  });

  it('keeps nobody else from a runner that comes free: it counts for none', () => {
    const executors = executorsOf({ e: 1 });
    fill(executors);
    executors.ended('e', 'a', false, SOON_MS);
    fill(executors);
    for (let ended = 0; ended < 3; ended += 1) executors.ended('e', 'a', false, SOON_MS);
    expect(executors.choose('b')).toBe('e');
  });
});
