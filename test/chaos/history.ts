import { ATTEMPT_RULES } from './attempt-rules.ts';
import { INNER_RULES } from './inner-rules.ts';
import { OUTER_RULES } from './outer-rules.ts';
import type { History } from './read-history.ts';

export { type History, readHistory } from './read-history.ts';

export const HISTORY_RULES = { ...OUTER_RULES, ...ATTEMPT_RULES, ...INNER_RULES };

export type HistoryRule = keyof typeof HISTORY_RULES;

/** Those that ask nobody but the database and the callers. */
export const RULES_FROM_OUTSIDE = [
  ...Object.keys(OUTER_RULES),
  ...Object.keys(ATTEMPT_RULES),
] as HistoryRule[];

/** The invariants that storms check, and the rules that say so; all of them from outside. */
export const INVARIANTS: Readonly<Record<string, readonly HistoryRule[]>> = {
  'R1: what is answered with 202 is committed': ['what was accepted is there, once'],
  'R2: every accepted run ends': ['every run has ended'],
  'R3: a run ends once': ['a log is whole and ends once'],
  'R4: an end and its result stay': ['an end that was told stays', 'what a run answers is right'],
  'R5: a log has no gap, nothing twice, and nothing behind its end': ['a log is whole and ends once'],
  'R6: a stream, however cut, is the log': ['a stream is the log'],
  'R7: who lost an attempt writes nothing': ['an attempt is over when the next one begins'],
  'R8: a step with a recorded result is not run again': ['a completed node is not run again'],
  'R9: nothing begins after a cancel': ['a cancelled run gets no further attempt'],
  'R10: one idempotency key is one run': ['what was accepted is there, once'],
  'R11: what is delivered again has no effect': ['what comes again has no effect'],
  'R14: no organization sees another': ['no organization sees another'],
  'R22: a run is of the version that it was accepted with': ['a run runs its version'],
};

/** All that a history breaks. */
export function historyFaults(
  history: History,
  rules: readonly HistoryRule[] = Object.keys(HISTORY_RULES) as HistoryRule[],
): string[] {
  return rules.flatMap((rule) => HISTORY_RULES[rule](history));
}
