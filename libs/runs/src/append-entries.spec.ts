import { describe, expect, it } from '@jest/globals';
import { attemptEvents, executorEvent, outsideEvent } from '#libs/testing';
import type { Append } from './append.ts';
import { entriesOf } from './append-entries.ts';

const append = (runId: string, attempt: number, events: Append['events'], organizationId = 'o'): Append => ({
  organizationId,
  runId,
  attempt,
  from: 'owner',
  events,
});
const chunk = (from: number, to: number) => attemptEvents(to).slice(from - 1);

describe('the entries of a call', () => {
  it('are one per attempt, by organization, run and attempt', () => {
    const entries = entriesOf([
      append('b', 2, chunk(1, 1)),
      append('b', 1, chunk(1, 1)),
      append('a', 1, chunk(3, 4)),
      append('c', 1, chunk(1, 1), 'n'),
      append('a', 1, chunk(1, 2)),
    ]);
    expect(
      entries.map(({ append: { organizationId, runId }, attempt }) => [organizationId, runId, attempt]),
    ).toEqual([
      ['n', 'c', 1],
      ['o', 'a', 1],
      ['o', 'b', 1],
      ['o', 'b', 2],
    ]);
    expect(entries[1]).toMatchObject({ firstN: 1, lastN: 4, isHoled: false });
    expect(entries[1]?.placed.map(({ n }) => n)).toEqual([1, 2, 3, 4]);
  });

  it('place each event once and know its copies', () => {
    const [first, copy] = [executorEvent(1, 'run.started'), executorEvent(1, 'run.started')];
    const [entry] = entriesOf([append('a', 1, [first, copy])]);
    expect(entry?.placed).toEqual([first]);
    expect([entry?.copies.has(first), entry?.copies.has(copy)]).toEqual([false, true]);
  });

  it('place nothing from behind a hole', () => {
    const [entry] = entriesOf([append('a', 1, [...chunk(2, 3), ...chunk(5, 6)])]);
    expect(entry).toMatchObject({ firstN: 2, lastN: 3, isHoled: true, isEnd: false });
    expect([1, 2, 3, 4, 5].map((n) => entry?.isPlaced(n))).toEqual([false, true, true, false, false]);
  });

  it('place nothing from behind an end', () => {
    const [entry] = entriesOf([append('a', 1, [...attemptEvents(2, 'run.failed'), executorEvent(3, 'log')])]);
    expect(entry).toMatchObject({ lastN: 2, isHoled: false, isEnd: true });
  });

  it('take events without a number as they come', () => {
    const events = [outsideEvent('run.cancelled')];
    const [entry] = entriesOf([append('a', 1, events)]);
    expect(entry).toMatchObject({ placed: events, firstN: null, lastN: null, isEnd: true, isHoled: false });
  });
});
