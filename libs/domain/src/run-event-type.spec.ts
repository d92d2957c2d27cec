import { describe, expect, it } from '@jest/globals';
import { isTerminalEvent, RUN_EVENT_TYPES, RUN_EVENT_WRITERS, type RunEventType } from './run-event-type.ts';
import { isTerminal } from './run-state.ts';

describe("a run's event", () => {
  it('ends the run where its type is named after a terminal state', () => {
    for (const type of RUN_EVENT_TYPES) {
      const [noun, state = ''] = type.split('.');
      expect(isTerminalEvent(type)).toBe(noun === 'run' && isTerminal(state));
    }
    expect(RUN_EVENT_TYPES.filter(isTerminalEvent)).toHaveLength(4);
  });

  it.each<[string, RunEventType[]]>([
    ['gateway', ['run.queued', 'run.cancel_requested']],
    ['conductor', ['run.retried', 'run.failed', 'run.timed_out', 'run.cancelled']],
  ])('is written by the %s only where it is its own', (writer, own) => {
    const written = RUN_EVENT_TYPES.filter((type) =>
      (RUN_EVENT_WRITERS[type] as readonly string[]).includes(writer),
    );
    expect(written.toSorted()).toEqual(own.toSorted());
  });

  it('is else written by the recorder, and every type has a writer', () => {
    const others = ['run.queued', 'run.cancel_requested', 'run.retried'];
    for (const type of RUN_EVENT_TYPES)
      expect((RUN_EVENT_WRITERS[type] as readonly string[]).includes('recorder')).toBe(
        !others.includes(type),
      );
  });
});
