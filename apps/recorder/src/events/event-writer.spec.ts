import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { counterFaults, logFaults, type RunRef, reported, reportedEvents, TestRecorder } from '#libs/testing';

describe('a batch that Postgres refuses', () => {
  let test: TestRecorder;
  beforeEach(async () => {
    test = await TestRecorder.create();
  });
  afterEach(() => test.dispose());

  const many = async (count: number) => {
    const refs: RunRef[] = [];
    for (let run = 0; run < count; run += 1) refs.push(await test.runs.assigned());
    return refs;
  };
  const statusOf = async (ref: RunRef) => (await test.runs.row(ref)).status;
  /** How often a batch was written, and of how many runs. */
  const watch = () => {
    const sizes: number[] = [];
    const store = test.recorder['store'];
    const append = store.append.bind(store);
    store.append = (appends, positions) => {
      sizes.push(new Set(appends.map(({ runId }) => runId)).size);
      return append(appends, positions);
    };
    return sizes;
  };

  it.each([1, 2, 3, 8])('fails for the one run whose row it is, of %i', async (count) => {
    const refs = await many(count);
    const [bad, ...good] = refs.toReversed();
    if (!bad) throw new Error('no run');
    await test.refuse(bad);
    await test.take(...refs.map((ref) => test.report(ref, reportedEvents(3, 'run.succeeded'))));
    expect(await statusOf(bad)).toBe('failed');
    const row = await test.runs.row(bad);
    expect(JSON.parse(row.error ?? '')).toMatchObject({ code: 'run.bad_event' });
    expect(row.error).toContain('this row is refused');
    for (const ref of good) {
      expect(await statusOf(ref)).toBe('succeeded');
      expect(logFaults(await test.runs.log(ref))).toEqual([]);
    }
    const written = 3 * (count - 1);
    expect(test.counters).toEqual({ delivered: 3 * count, written, duplicate: 0, fenced: 0, dead: 3 });
    expect((await test.letters()).map(({ key }) => key.toString())).toEqual([bad.runId]);
  });

  it('ends its run with what it has spent', async () => {
    const [bad] = await many(1);
    if (!bad) throw new Error('no run');
    const call = { nodeId: 'n', iteration: 0, call: 0, model: 'm', inputTokens: 30, outputTokens: 4 };
    const usage = reported(2, 'usage', { data: JSON.stringify(call) });
    await test.take(test.report(bad, [reported(1, 'run.started'), usage]));
    await test.refuse(bad);
    await test.take(test.report(bad, [reported(3, 'log')]));
    const [end] = (await test.runs.log(bad)).slice(-1);
    const spent = { inputTokens: 30, outputTokens: 4, totalTokens: 34, attempts: 1 };
    expect(JSON.parse((await test.runs.row(bad)).usage ?? '')).toMatchObject(spent);
    expect(JSON.parse(end?.data ?? '')).toMatchObject({ usage: spent });
  });

  it('is found by halves: its neighbours are not written one by one', async () => {
    const refs = await many(32);
    const [bad] = refs;
    if (!bad) throw new Error('no run');
    await test.refuse(bad);
    const sizes = watch();
    await test.take(...refs.map((ref) => test.report(ref, reportedEvents(2))));
    // the whole, two halves at each of five steps, the end of the run, and how far the recorder has come
    expect(sizes).toEqual([32, 16, 8, 4, 2, 1, 1, 1, 2, 4, 8, 16, 0]);
  });

  it('fails for several runs, each on its own', async () => {
    const refs = await many(6);
    await test.runs.database.rows(
      `create function refuse() returns trigger language plpgsql as $$ begin
         if new.data::text like '%refuse me%' then raise exception 'this row is refused'; end if;
         return new;
       end $$`,
    );
    await test.runs.database.rows(
      'create trigger refuse before insert on run_event for each row execute function refuse()',
    );
    const data = '{"nodeId":"n","level":"info","text":"refuse me"}';
    const messages = refs.map((ref, index) =>
      test.report(ref, [reported(1, 'run.started'), reported(2, 'log', index % 3 === 0 ? { data } : {})]),
    );
    await test.take(...messages);
    const live = await Promise.all(refs.map(async (ref) => (await test.runs.live(ref))?.status));
    expect(live).toEqual([undefined, 'running', 'running', undefined, 'running', 'running']);
    expect(counterFaults(test.counters, 12)).toEqual([]);
  });

  it('keeps what the bad run reported before, and takes none of another along', async () => {
    const [bad, good] = await many(2);
    if (!bad || !good) throw new Error('no runs');
    await test.refuse(bad);
    const [first, second, third] = [reported(1, 'run.started'), reported(2, 'log'), reported(3, 'log')];
    await test.take(
      test.report(bad, [first]),
      test.report(good, [first]),
      test.report(bad, [second]),
      test.report(good, [second, third]),
    );
    expect(await statusOf(bad)).toBe('failed');
    expect(await test.runs.live(good)).toMatchObject({ status: 'running', last_n: 3 });
    expect((await test.runs.log(bad)).map(({ type }) => type)).toEqual([
      'run.queued',
      'run.started',
      'run.failed',
    ]);
    expect(test.counters).toMatchObject({ delivered: 5, written: 4, dead: 1 });
    expect(await test.letters()).toHaveLength(1);
  });

  it('does not hold up the recorder’s word of how far it has come', async () => {
    const [bad] = await many(1);
    if (!bad) throw new Error('no run');
    await test.refuse(bad);
    await test.take(test.report(bad, reportedEvents(2)), test.report(bad, reportedEvents(2)));
    expect(await test.position()).toBe(1);
  });

  it('comes back whole where it is of no run', async () => {
    await test.runs.database.rows('alter table recorder_position rename to recorder_position_away');
    const store = test.recorder['store'];
    const append = store.append.bind(store);
    const seen: number[] = [];
    store.append = (appends, positions) => {
      seen.push(positions.length);
      return append(appends, positions);
    };
    const [ref] = await many(1);
    if (!ref) throw new Error('no run');
    const taking = test.take(test.report(ref, reportedEvents(1), { token: 'bad' }));
    while (seen.length < 2) await new Promise(setImmediate);
    await test.runs.database.rows('alter table recorder_position_away rename to recorder_position');
    await taking;
    expect(new Set(seen)).toEqual(new Set([1]));
    expect(test.counters).toMatchObject({ delivered: 1, dead: 1 });
  });

  it('is nobody’s fault where Postgres refuses everything: all comes back', async () => {
    const refs = await many(2);
    await test.runs.database.rows('alter table recorder_position rename to recorder_position_away');
    const sizes = watch();
    const taking = test.take(...refs.map((ref) => test.report(ref, reportedEvents(2, 'run.succeeded'))));
    while (sizes.length < 2) await new Promise(setImmediate);
    await test.runs.database.rows('alter table recorder_position_away rename to recorder_position');
    await taking;
    for (const ref of refs) expect(await statusOf(ref)).toBe('succeeded');
    expect(counterFaults(test.counters, 4)).toEqual([]);
    expect(test.counters.dead).toBe(0);
  });
});
