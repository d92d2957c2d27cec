/** The types of a run's events and the login that may append each; the database holds the same table as `appendable`. */
export const RUN_EVENT_WRITERS = {
  'run.queued': ['gateway'],
  'run.started': ['recorder'],
  'node.started': ['recorder'],
  'node.skipped': ['recorder'],
  'node.completed': ['recorder'],
  'node.failed': ['recorder'],
  'message.added': ['recorder'],
  'message.delta': ['recorder'],
  output: ['recorder'],
  log: ['recorder'],
  usage: ['recorder'],
  'egress.refused': ['recorder'],
  'run.retried': ['conductor'],
  'run.cancel_requested': ['gateway'],
  'run.succeeded': ['recorder'],
  'run.failed': ['recorder', 'conductor'],
  'run.timed_out': ['recorder', 'conductor'],
  'run.cancelled': ['recorder', 'conductor'],
} as const;

export type RunEventType = keyof typeof RUN_EVENT_WRITERS;

export const RUN_EVENT_TYPES = Object.keys(RUN_EVENT_WRITERS) as RunEventType[];

export type TerminalEventType = 'run.succeeded' | 'run.failed' | 'run.timed_out' | 'run.cancelled';

export function isTerminalEvent(type: RunEventType): type is TerminalEventType {
  return (
    type === 'run.succeeded' || type === 'run.failed' || type === 'run.timed_out' || type === 'run.cancelled'
  );
}
