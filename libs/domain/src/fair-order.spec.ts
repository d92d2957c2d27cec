import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fairOrder, type Waiting } from './fair-order.ts';

const ring = fc
  .array(fc.nat(6), { maxLength: 12 })
  .map((runs) => runs.map((count, index): Waiting => ({ organizationId: `o${index}`, runs: count })));
const slots = fc.nat(40);
const RUNS = { numRuns: 1_000, seed: 3 };

const countOf = (order: readonly string[], organizationId: string) =>
  order.filter((one) => one === organizationId).length;
const total = (waiting: readonly Waiting[]) => waiting.reduce((sum, { runs }) => sum + runs, 0);

/** Counts how much of the ring was read, and whether it was let go. */
function watched(waiting: readonly Waiting[]) {
  const seen = { read: 0, isClosed: false };
  function* reading() {
    try {
      for (const one of waiting) {
        seen.read += 1;
        yield one;
      }
    } finally {
      seen.isClosed = true;
    }
  }
  return { seen, reading };
}

describe('the fair order', () => {
  it.each<[string, [string, number][], number, string]>([
    [
      'takes one of each in turn',
      [
        ['a', 3],
        ['b', 1],
        ['c', 2],
      ],
      10,
      'abcaca',
    ],
    [
      'stops in the middle of a turn',
      [
        ['a', 3],
        ['b', 3],
      ],
      3,
      'aba',
    ],
    [
      'passes over who has nothing',
      [
        ['a', 0],
        ['b', 2],
      ],
      2,
      'bb',
    ],
    [
      'begins with the first of the ring',
      [
        ['z', 1],
        ['a', 1],
      ],
      1,
      'z',
    ],
    ['gives nothing where there is no slot', [['a', 1]], 0, ''],
    ['gives nothing where slots are owed', [['a', 1]], -2, ''],
    ['gives nothing where nobody waits', [], 5, ''],
  ])('%s', (_what, waiting, free, order) => {
    const given = waiting.map(([organizationId, runs]) => ({ organizationId, runs }));
    expect(fairOrder(given, free).join('')).toBe(order);
  });

  it('gives no organization its next turn before all others with work had theirs', () => {
    fc.assert(
      fc.property(ring, slots, (waiting, free) => {
        const order = fairOrder(waiting, free);
        for (let taken = 1; taken <= order.length; taken += 1) {
          const sofar = order.slice(0, taken);
          const turn = countOf(sofar, order[taken - 1] ?? '');
          const isPassedOver = ({ organizationId, runs }: Waiting) =>
            countOf(sofar, organizationId) < Math.min(runs, turn - 1);
          // one look per step, as there are hundreds of thousands
          if (waiting.some(isPassedOver)) return false;
        }
        return true;
      }),
      RUNS,
    );
  });

  it('keeps the order of the ring within a turn', () => {
    fc.assert(
      fc.property(ring, slots, (waiting, free) => {
        const order = fairOrder(waiting, free);
        const places = order.map((id, at) => ({
          turn: countOf(order.slice(0, at + 1), id),
          place: waiting.findIndex(({ organizationId }) => organizationId === id),
        }));
        expect(places.toSorted((a, b) => a.turn - b.turn || a.place - b.place)).toEqual(places);
      }),
      RUNS,
    );
  });

  it('leaves no slot free while somebody waits, and gives nobody more than it has', () => {
    fc.assert(
      fc.property(ring, slots, (waiting, free) => {
        const order = fairOrder(waiting, free);
        expect(order).toHaveLength(Math.min(free, total(waiting)));
        for (const { organizationId, runs } of waiting)
          expect(countOf(order, organizationId)).toBeLessThanOrEqual(runs);
      }),
      RUNS,
    );
  });

  it('reads no more of the ring than there are slots, and lets go of it', () => {
    fc.assert(
      fc.property(ring, slots, (given, free) => {
        const waiting = given.filter(({ runs }) => runs > 0);
        const { seen, reading } = watched(waiting);
        fairOrder(reading(), free);
        expect(seen.read).toBe(Math.min(free, waiting.length));
        expect(seen.isClosed || free === 0).toBe(true);
      }),
      RUNS,
    );
  });

  it('takes as many turns as one organization alone needs', () => {
    expect(fairOrder([{ organizationId: 'a', runs: 100_000 }], 100_000)).toHaveLength(100_000);
  });
});
