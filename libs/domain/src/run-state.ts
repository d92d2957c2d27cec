/** The legal moves of a run, and who makes them. */
export const RUN_MOVES = {
  queued: { assigned: 'conductor', cancelled: 'conductor', timed_out: 'conductor' },
  assigned: {
    running: 'recorder',
    succeeded: 'recorder',
    queued: 'conductor',
    failed: 'both',
    cancelled: 'both',
    timed_out: 'both',
  },
  running: {
    succeeded: 'recorder',
    waiting: 'recorder',
    queued: 'conductor',
    failed: 'both',
    cancelled: 'both',
    timed_out: 'both',
  },
  waiting: { queued: 'conductor', cancelled: 'conductor', timed_out: 'conductor' },
  succeeded: {},
  failed: {},
  cancelled: {},
  timed_out: {},
} as const;

export type RunState = keyof typeof RUN_MOVES;

/** What a client sees: `assigned` shows as queued, a live run with a cancel request as cancelling. */
export const RUN_STATUSES = [
  'queued',
  'running',
  'waiting',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
  'timed_out',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export const TERMINAL_STATES = [
  'succeeded',
  'failed',
  'cancelled',
  'timed_out',
] as const satisfies RunState[];
export type TerminalState = (typeof TERMINAL_STATES)[number];

export function isTerminal(state: string): state is TerminalState {
  return (TERMINAL_STATES as readonly string[]).includes(state);
}

export function shownStatus(state: RunState, isCancelRequested: boolean): RunStatus {
  if (isTerminal(state)) return state;
  if (isCancelRequested) return 'cancelling';
  return state === 'assigned' ? 'queued' : state;
}
