import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type RunSpan, SPAN_TEXT_LENGTH } from '#libs/contracts';
import { DEFAULTS } from '#libs/domain';
import { newId } from '#libs/kernel';
import { type RunRef, reportedEvents, TestRecorder } from '#libs/testing';

const span = (number: number, more: Partial<RunSpan> = {}): RunSpan => ({
  number,
  kind: 'node',
  name: 'node.run',
  startedMs: 1.5,
  durationMs: 2.5,
  status: 'ok',
  attributes: { a: 'b' },
  ...more,
});

describe('what executors tell of time', () => {
  let test: TestRecorder;
  beforeAll(async () => {
    test = await TestRecorder.create();
  });
  beforeEach(async () => {
    await test.runs.database.rows('delete from dead_letter');
  });
  afterAll(() => test.dispose());

  const kept = async ({ runId }: RunRef) =>
    test.runs.database.rows(
      `select attempt, part, queue_ms, placement_ms, dropped, spans from run_span where run_id = $1 order by attempt, part`,
      [runId],
    );
  const reasons = async () => (await test.letters()).map(({ reason }) => reason);

  it('is kept as it is told, message by message', async () => {
    const ref = await test.runs.assigned();
    await test.take(test.spans(ref, [span(3), span(5)]), test.spans(ref, [span(7)], { part: 1 }));
    const row = { attempt: 1, queue_ms: 3, placement_ms: 2, dropped: 1 };
    expect(await kept(ref)).toEqual([
      { ...row, part: 0, spans: [span(3), span(5)] },
      { ...row, part: 1, spans: [span(7)] },
    ]);
  });

  it('is kept once, however often it comes', async () => {
    const ref = await test.runs.assigned();
    const message = test.spans(ref, [span(3)]);
    await test.take(message, message);
    await test.take(message);
    expect(await kept(ref)).toHaveLength(1);
    expect(await reasons()).toEqual([]);
  });

  it('is not fenced: an attempt that was taken away has its times too, and so has a run that has ended', async () => {
    const ref = await test.runs.assigned();
    await test.take(test.report(ref, reportedEvents(3, 'run.succeeded')));
    await test.take(test.spans(ref, [span(3)]), test.spans(ref, [span(3)], { attempt: 2 }));
    expect(await kept(ref)).toHaveLength(2);
  });

  it('has no effect on a run of another organization, nor on another run or attempt', async () => {
    const [ours, theirs] = [await test.runs.assigned(), await test.runs.assigned()];
    const { runToken } = JSON.parse(test.spans(ours, [span(3)]).value.toString()).data;
    await test.take(
      test.spans(theirs, [span(3)], { token: runToken }),
      test.spans({ ...ours, organizationId: newId() }, [span(3)], { token: runToken }),
      test.spans(ours, [span(3)], { attempt: 2, token: runToken }),
    );
    expect([...(await kept(ours)), ...(await kept(theirs))]).toEqual([]);
    expect(await reasons()).toEqual(Array(3).fill('the run token does not fit'));
  });

  it('is a dead letter where it cannot be read, and what follows is kept', async () => {
    const ref = await test.runs.assigned();
    const message = test.spans(ref, [span(3)]);
    await test.take({ ...message, value: Buffer.from('no JSON') }, message);
    expect(await kept(ref)).toHaveLength(1);
    expect(await reasons()).toEqual([expect.stringContaining('no run.span message')]);
  });

  it('is a dead letter where the database refuses it, and what came with it is kept', async () => {
    const [poisoned, ref] = [await test.runs.assigned(), await test.runs.assigned()];
    await test.runs.database.rows(
      `alter table run_span add constraint odd check (run_id <> '${poisoned.runId}')`,
    );
    await test.take(test.spans(poisoned, [span(3)]), test.spans(ref, [span(3)]));
    expect([await kept(poisoned), (await kept(ref)).length]).toEqual([[], 1]);
    // by the database's word, and not because it was tried too often
    expect(await reasons()).toEqual([expect.stringMatching(/^new row .*"odd"$/)]);
  });

  it('is a dead letter where it is more than an attempt may tell', async () => {
    const ref = await test.runs.assigned();
    const long = Array.from({ length: 100 }, (_, at) => [`a${at}`, 'x'.repeat(SPAN_TEXT_LENGTH)]);
    const large = span(3, { attributes: Object.fromEntries(long) });
    await test.take(
      test.spans(ref, Array(10).fill(large)),
      test.spans(ref, [span(3)], { part: DEFAULTS.attemptSpans + 1 }),
      test.spans(ref, [span(3)]),
    );
    expect(await kept(ref)).toMatchObject([{ part: 0, spans: [span(3)] }]);
    expect(await reasons()).toEqual([
      'more than an attempt may tell',
      expect.stringContaining('no run.span message'),
    ]);
  });

  it('may hold any text', async () => {
    const ref = await test.runs.assigned();
    const odd = span(3, { name: 'a\u0000b', attributes: { a: '\ud800' } });
    await test.take(test.spans(ref, [odd]));
    expect(
      await test.runs.database.rows('select spans::text from run_span where run_id = $1', [ref.runId]),
    ).toEqual([{ spans: JSON.stringify([odd]) }]);
  });
});
