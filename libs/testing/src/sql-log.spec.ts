import { describe, expect, it } from '@jest/globals';
import type { RunEventType } from '#libs/domain';
import { type LogRow, logFaults } from './sql-log.ts';

const row = (seq: number, type: RunEventType, attempt: number, n: number | null): LogRow => ({
  seq,
  attempt,
  n,
  type,
  at: new Date(0),
  data: '{}',
});

const GOOD: LogRow[] = [
  row(1, 'run.queued', 0, null),
  row(2, 'run.started', 1, 1),
  row(3, 'run.cancel_requested', 1, null),
  row(4, 'log', 1, 2),
  row(5, 'run.retried', 1, null),
  row(6, 'run.started', 2, 1),
  row(7, 'run.cancelled', 2, 2),
];

const without = (seq: number) => GOOD.filter((one) => one.seq !== seq);
const renumbered = (rows: LogRow[]) => rows.map((one, index) => ({ ...one, seq: index + 1 }));
const at = (seq: number, more: Partial<LogRow>) =>
  GOOD.map((one) => (one.seq === seq ? { ...one, ...more } : one));

describe('the faults of a log', () => {
  it('are none where it keeps its promises', () => {
    expect(logFaults(GOOD)).toEqual([]);
    expect(logFaults([])).toEqual([]);
    expect(logFaults(GOOD.slice(0, 4))).toEqual([]);
  });

  it.each<[string, LogRow[], string]>([
    ['a place left out', without(3), 'log at 4: its seq should be 3'],
    ['a place given twice', at(3, { seq: 2 }), 'run.cancel_requested at 2: its seq should be 3'],
    ['an event lost', renumbered(without(2)), 'log at 3: its n is 2 and should be 1'],
    ['an event written twice', at(4, { n: 1 }), 'log at 4: its n is 1 and should be 2'],
    [
      'an event of an attempt that was over',
      [...GOOD.slice(0, 6), row(7, 'log', 1, 3)],
      'log at 7: it is of an earlier attempt than the one before',
    ],
    [
      'something after the end',
      [...GOOD, row(8, 'run.cancel_requested', 2, null)],
      'run.cancel_requested at 8: it follows the end',
    ],
    ['a second end', [...GOOD, row(8, 'run.failed', 2, 3)], 'run.failed at 8: it follows the end'],
  ])('name %s', (_what, log, fault) => {
    expect(logFaults(log)[0]).toBe(fault);
  });
});
