import { describe, expect, it } from '@jest/globals';
import type { ExecutorStatusData } from '#libs/contracts';
import { executorStatus } from '../../../../libs/testing/src/executor-status.ts';
import { Executors } from './executors.ts';

const status = (executorId: string, more: Partial<ExecutorStatusData> = {}) =>
  executorStatus({ executorId, ...more });
const heard = (...all: ExecutorStatusData[]): Executors => {
  const executors = new Executors();
  for (const one of all) executors.heard(one);
  return executors;
};
/** Places runs of these organizations one after another: the executor of each, or none. */
const place = (executors: Executors, ...organizations: string[]) =>
  organizations.map((organization) => {
    const executorId = executors.choose(organization);
    if (executorId !== undefined) executors.sent(executorId, organization);
    return executorId;
  });

describe('the room on executors', () => {
  it('fills all slots of all runners with one organization, and then has none', () => {
    expect(place(heard(status('e')), 'a', 'a', 'a', 'a', 'a')).toEqual(['e', 'e', 'e', 'e', undefined]);
  });

  it('gives each organization runners of its own: free slots of another are not its', () => {
    expect(place(heard(status('e')), 'a', 'b', 'c', 'a', 'b', 'a')).toEqual([
      'e',
      'e',
      undefined,
      'e',
      'e',
      undefined,
    ]);
  });

  it('is there again when a run has ended, for anybody once the last of its runner has', () => {
    const executors = heard(status('e', { maxRunners: 1 }));
    place(executors, 'a', 'a');
    executors.ended('e', 'a');
    expect(executors.choose('b')).toBeUndefined();
    expect(executors.choose('a')).toBe('e');
    executors.ended('e', 'a');
    expect(executors.choose('b')).toBe('e');
  });

  it('is a whole runner for each run that failed before, and none in it for others', () => {
    const executors = heard(status('e', { maxRunners: 3 }));
    expect(executors.choose('a', true)).toBe('e');
    executors.sent('e', 'a', true);
    expect(place(executors, 'a', 'b', 'a', 'a')).toEqual(['e', 'e', 'e', undefined]);
    expect(executors.choose('a', true)).toBeUndefined();
    executors.ended('e', 'b');
    expect(executors.choose('a', true)).toBe('e');
    executors.ended('e', 'a', true);
    expect(place(executors, 'a', 'a', 'a', 'a', 'a')).toEqual(['e', 'e', 'e', 'e', undefined]);
  });

  it('is for those alone who have runners, once no runner is free', () => {
    const executors = heard(
      status('e', { maxRunners: 2, slotsPerRunner: 2 }),
      status('d', { isDraining: true }),
    );
    expect([executors.isFull(), ...executors.having()]).toEqual([false]);
    place(executors, 'a', 'b');
    expect([executors.isFull(), ...executors.having()]).toEqual([true, 'a', 'b']);
    executors.ended('e', 'a');
    expect([executors.isFull(), ...executors.having()]).toEqual([false, 'b']);
    expect(new Executors().isFull()).toBe(true);
  });

  it('is not made by an end that it did not see begin', () => {
    const executors = heard(status('e', { maxRunners: 1, slotsPerRunner: 1 }));
    executors.ended('e', 'a');
    executors.ended('nobody', 'a');
    expect(place(executors, 'a', 'a')).toEqual(['e', undefined]);
  });

  it('is none on an executor that drains, and changes with its word', () => {
    const executors = heard(status('e', { isDraining: true }));
    expect(executors.choose('a')).toBeUndefined();
    executors.heard(status('e', { maxRunners: 1, slotsPerRunner: 1 }));
    expect(place(executors, 'a', 'a')).toEqual(['e', undefined]);
    executors.heard(status('e', { maxRunners: 1, slotsPerRunner: 2 }));
    expect(place(executors, 'a', 'a')).toEqual(['e', undefined]);
  });
});

describe('the choice between executors', () => {
  it('goes to the emptiest where none is warm', () => {
    expect(heard(status('small'), status('large', { maxRunners: 3 })).choose('a')).toBe('large');
  });

  it('goes to a runner that serves the organization already, by its own word or by our count', () => {
    const executors = heard(status('large', { maxRunners: 9 }), status('warm', { warm: { a: 1 } }));
    expect(executors.choose('a')).toBe('warm');
    expect(executors.choose('b')).toBe('large');
    executors.heard(status('warm'));
    executors.sent('warm', 'a');
    expect(executors.choose('a')).toBe('warm');
  });

  it('goes elsewhere where the warm one is full', () => {
    const executors = heard(
      status('warm', { maxRunners: 1, slotsPerRunner: 1, warm: { a: 0 } }),
      status('cold'),
    );
    expect(place(executors, 'a', 'a')).toEqual(['warm', 'cold']);
  });

  it('takes an organization by its own name only', () => {
    const executors = heard(status('large', { maxRunners: 9 }), status('warm'));
    executors.sent('warm', 'toString');
    expect(executors.choose('toString')).toBe('warm');
  });
});
