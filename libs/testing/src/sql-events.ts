import { isTerminalEvent, type RunEventType } from '#libs/domain';
import type { AppendEvent } from '#libs/runs';

/** An event of an attempt, as the recorder reads it from an executor. */
export function executorEvent(n: number, type: RunEventType, more: Partial<AppendEvent> = {}): AppendEvent {
  const event = { n, type, elapsedMs: n, data: JSON.stringify({ n, type }), ...more };
  return isTerminalEvent(type) ? { end: { output: null, error: null, usage: null }, ...event } : event;
}

/** An event that does not come from an executor. */
export function outsideEvent(type: RunEventType, data: object = {}): AppendEvent {
  const event = { n: null, type, elapsedMs: null, data: JSON.stringify(data) };
  return isTerminalEvent(type) ? { ...event, end: { output: null, error: null, usage: null } } : event;
}

/** `run.started`, log lines, and where it is asked for an end: all that an attempt reports, numbered from 1. */
export function attemptEvents(count: number, end?: RunEventType): AppendEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const n = index + 1;
    return executorEvent(n, n === 1 ? 'run.started' : n === count && end ? end : 'log');
  });
}
