import { describe, expect, it } from '@jest/globals';
import { PROGRESS_MOVED, RunProgress } from '#libs/contracts';
import { DEFAULTS } from '#libs/domain';
import { newId } from '#libs/kernel';
import { attemptEvents, executorEvent } from '#libs/testing';
import type { Append, Appended } from './append.ts';
import { eventText, progressOf } from './progress.ts';

const AT = new Date('2026-11-21T10:00:00.123Z');
const written = (seq: number): Appended => ({ outcome: 'written', attempt: 2, seq, at: AT });
const DUPLICATE: Appended = { outcome: 'duplicate' };
const FENCED: Appended = { outcome: 'fenced' };

describe('the hint that follows a commit', () => {
  const organizationId = newId();
  const runId = newId();
  const append = (events: Append['events']): Append => ({
    organizationId,
    runId,
    attempt: 2,
    from: 'owner',
    events,
  });
  const hint = (events: Append['events'], appended: Appended[]) => {
    const message = progressOf(append(events), appended);
    const { data } = RunProgress.decode(message.value);
    return { data, moved: message.headers['moved'], key: message.key };
  };

  it('carries what was written, as clients get it', () => {
    const { data, moved, key } = hint(attemptEvents(2), [written(5), written(6)]);
    expect(key).toBe(runId);
    expect(moved).toBe('');
    expect(data).toMatchObject({ runId, attempt: 2, lastSeq: 6 });
    expect(data.events.map(({ seq, type }) => [seq, type])).toEqual([
      [5, 'run.started'],
      [6, 'log'],
    ]);
    expect(JSON.parse(data.events[0]?.text ?? '')).toEqual({
      seq: 5,
      attempt: 2,
      type: 'run.started',
      at: AT.toISOString(),
      data: { n: 1, type: 'run.started' },
    });
  });

  it('says that the run has ended, also where its end was there before', () => {
    const events = attemptEvents(2, 'run.succeeded');
    expect(hint(events, [written(2), written(3)]).moved).toBe(PROGRESS_MOVED.ended);
    const late = hint(events, [DUPLICATE, DUPLICATE]);
    expect(late).toMatchObject({ moved: PROGRESS_MOVED.ended, data: { lastSeq: 0, events: [] } });
  });

  it('says that events were fenced, and leaves them out', () => {
    const { data, moved } = hint(attemptEvents(3, 'run.failed'), [DUPLICATE, written(3), FENCED]);
    expect(moved).toBe(PROGRESS_MOVED.fenced);
    expect(data.events.map(({ seq }) => seq)).toEqual([3]);
  });

  it('names the attempt that the log names, not the one that the writer believed in', () => {
    const [event] = attemptEvents(1);
    const appended: Appended = { outcome: 'written', attempt: 3, seq: 9, at: AT };
    const message = progressOf(append(event ? [event] : []), [appended]);
    const { data } = RunProgress.decode(message.value);
    expect([message.headers['attempt'], data.attempt]).toEqual(['3', 3]);
    expect(data.events[0]?.text).toContain('"attempt":3');
  });

  it('leaves large events to the log', () => {
    const data = JSON.stringify('x'.repeat(DEFAULTS.progressInlineBytes));
    const { events, lastSeq } = hint([executorEvent(1, 'log', { data })], [written(2)]).data;
    expect([events, lastSeq]).toEqual([[], 2]);
  });

  it('keeps the text of an event as the log has it', () => {
    const data = '{"text":"a\\u0000b",  "b":1.0}';
    expect(eventText(1, 'log', data, 7, AT)).toBe(
      `{"seq":7,"attempt":1,"type":"log","at":"2026-11-21T10:00:00.123Z","data":${data}}`,
    );
  });
});
