import { describe, expect, it } from '@jest/globals';
import { executorStatus } from '../../../../libs/testing/src/executor-status.ts';
import { Executors } from './executors.ts';

/** Two runners of four slots, which `old` and then `young` have. */
const taken = (): Executors => {
  const executors = new Executors();
  executors.heard(executorStatus({ executorId: 'e', slotsPerRunner: 4 }));
  for (const organization of ['old', 'young']) executors.sent('e', organization);
  return executors;
};
const placeable = (executors: Executors) =>
  ['old', 'young', 'waiting'].filter((organization) => executors.choose(organization) !== undefined);

describe('an organization that waits for a runner', () => {
  it('takes nobody’s within the first second', () => {
    const executors = taken();
    executors.refused(['waiting'], 0);
    executors.refused(['waiting'], 999);
    expect(placeable(executors)).toEqual(['old', 'young']);
  });

  it('lets one more be given no runs with each second, whoever has its runner longest first', () => {
    const executors = taken();
    executors.refused(['waiting'], 0);
    executors.refused(['waiting'], 1_000);
    expect(placeable(executors)).toEqual(['young']);
    executors.refused(['waiting', 'old'], 2_000);
    expect(placeable(executors)).toEqual([]);
  });

  it('gets the runner that comes free, and then all is as before', () => {
    const executors = taken();
    executors.refused(['waiting'], 0);
    executors.refused(['waiting'], 1_000);
    executors.ended('e', 'old');
    expect(placeable(executors)).toEqual(['young', 'waiting']);
    executors.sent('e', 'waiting');
    executors.refused(['old'], 1_000);
    expect(placeable(executors)).toEqual(['young', 'waiting']);
  });

  it('asks for nothing more when it does not wait any longer', () => {
    const executors = taken();
    executors.refused(['waiting'], 0);
    executors.refused(['waiting'], 1_000);
    executors.refused([], 1_500);
    expect(placeable(executors)).toEqual(['old', 'young']);
    executors.refused(['waiting'], 2_000);
    expect(placeable(executors)).toEqual(['old', 'young']);
  });

  it('is not one that has runners and wants more', () => {
    const executors = taken();
    executors.refused(['young'], 0);
    executors.refused(['young'], 5_000);
    expect(placeable(executors)).toEqual(['old', 'young']);
  });
});
