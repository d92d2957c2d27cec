import { describe, expect, it } from '@jest/globals';
import {
  isTerminal,
  RUN_MOVES,
  RUN_STATUSES,
  type RunState,
  shownStatus,
  TERMINAL_STATES,
} from './run-state.ts';

type Writer = 'conductor' | 'recorder';

/** The table of the design, row by row: from, to, who writes it. */
const DESIGNED: readonly (readonly [RunState[], RunState[], Writer])[] = [
  [['queued'], ['assigned'], 'conductor'],
  [['assigned'], ['running'], 'recorder'],
  [['running'], ['succeeded', 'failed', 'timed_out', 'cancelled'], 'recorder'],
  // the attempt's first event and its terminal one can come in one batch
  [['assigned'], ['succeeded', 'failed', 'timed_out', 'cancelled'], 'recorder'],
  [['running'], ['waiting'], 'recorder'],
  [['waiting'], ['queued'], 'conductor'],
  [['assigned', 'running'], ['queued'], 'conductor'],
  [['assigned', 'running'], ['failed', 'cancelled', 'timed_out'], 'conductor'],
  [['queued', 'waiting'], ['cancelled', 'timed_out'], 'conductor'],
];

const STATES = Object.keys(RUN_MOVES) as RunState[]; // the keys are its type

function designedWriters(from: RunState, to: RunState): Writer[] {
  return DESIGNED.filter(([froms, tos]) => froms.includes(from) && tos.includes(to)).map(([, , who]) => who);
}

function writers(from: RunState, to: RunState): Writer[] {
  const moves: Partial<Record<RunState, Writer | 'both'>> = RUN_MOVES[from];
  const who = moves[to];
  if (who === undefined) return [];
  return who === 'both' ? ['conductor', 'recorder'] : [who];
}

describe("a run's moves", () => {
  it.each(STATES.flatMap((from) => STATES.map((to) => [from, to] as const)))(
    'from %s to %s are written by whom the design names',
    (from, to) => {
      expect(writers(from, to).toSorted()).toEqual(designedWriters(from, to).toSorted());
    },
  );

  it('end in a terminal state: nothing leads out of one', () => {
    const final = STATES.filter((state) => Object.keys(RUN_MOVES[state]).length === 0);
    expect(final.toSorted()).toEqual([...TERMINAL_STATES].toSorted());
    for (const state of STATES) expect(isTerminal(state)).toBe(final.includes(state));
    expect(isTerminal('cancelling')).toBe(false);
    expect(isTerminal('')).toBe(false);
  });
});

describe('the status that a client sees', () => {
  it.each([
    ['queued', 'queued', 'cancelling'],
    ['assigned', 'queued', 'cancelling'],
    ['running', 'running', 'cancelling'],
    ['waiting', 'waiting', 'cancelling'],
    ['succeeded', 'succeeded', 'succeeded'],
    ['failed', 'failed', 'failed'],
    ['cancelled', 'cancelled', 'cancelled'],
    ['timed_out', 'timed_out', 'timed_out'],
  ] as const)('of a run that is %s is %s, and %s once its cancel was asked for', (state, shown, asked) => {
    expect(shownStatus(state, false)).toBe(shown);
    expect(shownStatus(state, true)).toBe(asked);
    expect(RUN_STATUSES).toContain(shown);
    expect(RUN_STATUSES).toContain(asked);
  });
});
