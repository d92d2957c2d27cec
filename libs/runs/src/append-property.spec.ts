import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RunEventType } from '#libs/domain';
import {
  APPEND_MUTANTS,
  attemptEvents,
  type EndedRun,
  type LiveRun,
  logFaults,
  outsideEvent,
  type RunRef,
  SqlRuns,
  withMutant,
} from '#libs/testing';
import type { Append, Appended } from './append.ts';

const SETTINGS = { seed: 20_261_121, numRuns: 60 };

/** The mutants that deliveries alone show. */
const CAUGHT = [
  'no attempt of the owner',
  'no state of the owner',
  'open though broken',
  'no dedupe',
  'over holes',
] as const;

/** What one delivery holds: of an attempt's events those with these numbers. */
interface Chunk {
  attempt: 1 | 2;
  ns: number[];
}

type Step = { kind: 'call'; chunks: Chunk[] } | { kind: 'retry' } | { kind: 'cancel' };

const MOST = 9;
const ends = fc.constantFrom<RunEventType | undefined>('run.succeeded', 'run.failed', undefined);
const lengths = fc.tuple(fc.integer({ min: 1, max: MOST }), fc.integer({ min: 1, max: MOST }));
const attempts = fc.constantFrom<1 | 2>(1, 1, 2);
const range = fc
  .tuple(attempts, fc.integer({ min: 1, max: MOST }), fc.integer({ min: 0, max: 4 }))
  .map(
    ([attempt, from, more]): Chunk => ({ attempt, ns: Array.from({ length: more + 1 }, (_, i) => from + i) }),
  );
const beginning = fc
  .tuple(attempts, fc.integer({ min: 1, max: MOST }))
  .map(([attempt, to]): Chunk => ({ attempt, ns: Array.from({ length: to }, (_, i) => i + 1) }));
const scattered = fc
  .tuple(attempts, fc.array(fc.integer({ min: 1, max: MOST }), { minLength: 1, maxLength: 5 }))
  .map(([attempt, ns]): Chunk => ({ attempt, ns }));
const chunk = fc.oneof({ weight: 3, arbitrary: beginning }, { weight: 3, arbitrary: range }, scattered);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc
      .array(chunk, { minLength: 1, maxLength: 3 })
      .map((chunks): Step => ({ kind: 'call', chunks })),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'retry' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'cancel' }) },
);

describe('whatever is delivered', () => {
  let runs: SqlRuns;
  beforeAll(async () => {
    runs = await SqlRuns.create();
  });
  afterAll(() => runs.dispose());

  const appendOf = (ref: RunRef, { attempt, ns }: Chunk, length: number, end?: RunEventType): Append => {
    const events = attemptEvents(length, end);
    return {
      ...ref,
      attempt,
      from: 'owner',
      events: ns.flatMap((n) => events.slice(n - 1, n).map((event) => ({ ...event }))),
    };
  };

  /** Makes a step; resolves with what was appended and what became of it. */
  const take = async (ref: RunRef, appends: Append[], taken: Step): Promise<[Append[], Appended[][]]> => {
    if (taken.kind === 'call') return [appends, await runs.append('hg_recorder', ...appends)];
    const live = await runs.live(ref);
    const attempt = live?.attempt ?? 0;
    const isRetry = taken.kind === 'retry';
    const append: Append = {
      ...ref,
      attempt,
      from: isRetry ? 'attempt' : 'live',
      events: [outsideEvent(isRetry ? 'run.retried' : 'run.cancel_requested')],
    };
    const appended = await runs.append(isRetry ? 'hg_conductor' : 'hg_gateway', append);
    const isQueued = isRetry && appended[0]?.[0]?.outcome === 'written';
    // nobody claims a run that is to be cancelled
    if (isQueued && !live?.cancel_requested_at) await runs.claim(ref);
    return [[append], appended];
  };

  const logStaysWhole = () =>
    fc.asyncProperty(
      lengths,
      ends,
      fc.array(step, { minLength: 4, maxLength: 12 }),
      async ([one, two], end, steps) => {
        const ref = await runs.assigned();
        for (const taken of steps) {
          const before = await runs.log(ref);
          const [live, row] = [await runs.live(ref), await runs.row(ref)];
          const chunks = taken.kind === 'call' ? taken.chunks : [];
          const appends = chunks.map((part) => appendOf(ref, part, part.attempt === 1 ? one : two, end));
          const [given, appended] = await take(ref, appends, taken);
          const after = await runs.log(ref);
          expect(logFaults(after)).toEqual([]);
          expect(after.slice(0, before.length)).toEqual(before);
          expect(writtenOf(given, appended)).toEqual(
            after.slice(before.length).map(({ seq, attempt, n, type, at }) => [seq, attempt, n, type, at]),
          );
          const names = new Set(after.map(({ attempt, n }) => `${attempt}/${n}`));
          for (const [attempt, n, outcome] of answersOf(given, appended)) {
            if (outcome === 'duplicate') expect(names).toContain(`${attempt}/${n}`);
          }
          const [only] = given;
          if (taken.kind === 'call' && given.length === 1 && only && isGapless(only)) {
            expect(answersOf(given, appended)).toEqual(expectedOf(only, live, row));
          }
        }
        const log = await runs.log(ref);
        const place = (await runs.live(ref)) ?? (await runs.row(ref));
        expect(place.last_seq).toBe(log.length);
        expect(place.last_n).toBe(
          log.filter(({ attempt, n }) => attempt === place.attempt && n !== null).length,
        );
      },
    );

  it('the log stays dense, in order and without copies, and the answers say what it holds', async () => {
    await fc.assert(logStaysWhole(), SETTINGS);
  });

  it.each(CAUGHT)('the log does not stay so without a rule: %s', async (name) => {
    const details = await withMutant(runs.database, 'append_events', APPEND_MUTANTS[name], () =>
      fc.check(logStaysWhole(), { ...SETTINGS, endOnFailure: true }),
    );
    expect(details.failed).toBe(true);
  });

  it('all is written once where nothing is lost, however it is cut and repeated', async () => {
    const cuts = fc.array(fc.tuple(fc.nat(4), fc.nat(6)), { minLength: 1, maxLength: 10 });
    const property = fc.asyncProperty(cuts, fc.boolean(), async (moves, together) => {
      const ref = await runs.assigned();
      const length = 12;
      const appends: Append[] = [];
      let sent = 0;
      for (const [on, back] of [...moves, [length, 0] as const]) {
        const to = Math.min(sent + on, length);
        const from = Math.max(1, sent + 1 - back);
        sent = to;
        if (to < from) continue;
        const ns = Array.from({ length: to - from + 1 }, (_, i) => from + i);
        appends.push(appendOf(ref, { attempt: 1, ns }, length, 'run.succeeded'));
      }
      const appended = together
        ? await runs.append('hg_recorder', ...appends)
        : await appends.reduce<Promise<Appended[][]>>(
            async (done, append) => [...(await done), ...(await runs.append('hg_recorder', append))],
            Promise.resolve([]),
          );
      expect(writtenOf(appends, appended).map(([seq]) => seq)).toEqual(
        Array.from({ length }, (_, i) => i + 2),
      );
      expect(appended.flat().filter(({ outcome }) => outcome === 'fenced')).toEqual([]);
      expect(logFaults(await runs.log(ref))).toEqual([]);
      expect(await runs.row(ref)).toMatchObject({
        status: 'succeeded',
        last_n: length,
        last_seq: length + 1,
      });
    });
    await fc.assert(property, SETTINGS);
  });
});

type Answer = [attempt: number, n: number | null, outcome: string];

function answersOf(given: readonly Append[], appended: readonly Appended[][]): Answer[] {
  return given.flatMap(({ attempt, events }, index) =>
    events.map(({ n }, position): Answer => [attempt, n, appended[index]?.[position]?.outcome ?? 'nothing']),
  );
}

/** What was answered to be written, by its place. */
function writtenOf(given: readonly Append[], appended: readonly Appended[][]) {
  return given
    .flatMap(({ attempt, events }, index) =>
      events.flatMap(({ n, type }, position) => {
        const one = appended[index]?.[position];
        return one?.outcome === 'written' ? [[one.seq, attempt, n, type, one.at] as const] : [];
      }),
    )
    .toSorted(([a], [b]) => a - b);
}

function isGapless({ events }: Append): boolean {
  return events.every(({ n }, index) => index === 0 || n === (events[index - 1]?.n ?? 0) + 1);
}

/** The rules of the fence for events without a gap, from what the tables said before. */
function expectedOf({ attempt, events }: Append, live: LiveRun | undefined, ended: EndedRun): Answer[] {
  const isOpen = live !== undefined && live.attempt === attempt && live.status !== 'queued' && !live.broken;
  const known = live ? (isOpen ? live.last_n : 0) : ended.attempt === attempt ? (ended.last_n ?? 0) : 0;
  const isNext = isOpen && (events[0]?.n ?? 0) <= known + 1;
  return events.map(({ n }) => {
    const isKnown = (n ?? 0) <= known;
    return [attempt, n, isKnown ? 'duplicate' : isNext ? 'written' : 'fenced'];
  });
}
