import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DONE, oneByOne } from '#libs/bus';
import { type BusMessage, TOPICS } from '#libs/contracts';
import { reported, reportedEvents, TestRecorder, until } from '#libs/testing';

describe('the recorder', () => {
  let test: TestRecorder;
  beforeEach(async () => {
    test = await TestRecorder.create();
  });
  afterEach(() => test.dispose());

  const bad = (partition: number): BusMessage => ({
    topic: TOPICS.runEvent,
    key: 'k',
    partition,
    headers: {},
    value: Buffer.from('?'),
  });

  describe('says how far it has come', () => {
    it('in each partition: the last offset that it has answered for', async () => {
      const ref = await test.runs.assigned();
      await test.take(test.report(ref, reportedEvents(1)), test.report(ref, [reported(2, 'log')]));
      await test.take(test.report(ref, [reported(3, 'log')], { partition: 1 }));
      expect(await test.position(0)).toBe(1);
      expect(await test.position(1)).toBe(0);
    });

    it('also past what is dead, so that nobody waits for it', async () => {
      await test.take(bad(0), bad(0), bad(0));
      expect(await test.position(0)).toBe(2);
    });

    it('never backwards: what comes again does not take the word back', async () => {
      const ref = await test.runs.assigned();
      await test.take(bad(0), test.report(ref, reportedEvents(1)));
      const position = { topic: TOPICS.runEvent, partition: 0, offset: 0 };
      await test.recorder['store'].append([], [position]);
      expect(await test.position(0)).toBe(1);
    });

    it('together with what it has written, or not at all', async () => {
      const refs = [await test.runs.assigned(), await test.runs.assigned()];
      await test.refuse(refs[1] ?? { organizationId: '', runId: '' });
      const store = test.recorder['store'];
      const append = store.append.bind(store);
      const seen: (number | undefined)[] = [];
      store.append = async (...given) => {
        seen.push(await test.position());
        return append(...given);
      };
      await test.take(...refs.map((ref) => test.report(ref, reportedEvents(2))));
      expect(seen.every((position) => position === undefined)).toBe(true);
      expect(await test.position()).toBe(1);
    });

    it('anew with each new bus, and goes on with one that was there', async () => {
      await test.take(bad(0));
      await test.recorder.stop();
      await test.recorder.start(false);
      expect(await test.position(0)).toBe(0);
      await test.recorder.stop();
      await test.recorder.start(true);
      expect(await test.position(0)).toBeUndefined();
    });
  });

  it('goes on after a stop where it had come to, and misses nothing', async () => {
    const ref = await test.runs.assigned();
    await test.take(test.report(ref, reportedEvents(1)));
    await test.recorder.stop();
    const missed = test.report(ref, [reported(2, 'log')]);
    await test.bus.publish([missed]);
    await test.recorder.start(false);
    await until('it is written', async () => (await test.runs.live(ref))?.last_n === 2);
    expect(test.counters).toEqual({ delivered: 2, written: 2, duplicate: 0, fenced: 0, dead: 0 });
  });

  it('tells those who wait of every message: of what it wrote, had already, and refused', async () => {
    const told: string[] = [];
    await test.bus.subscribe({
      reader: 'waiters',
      topic: TOPICS.runProgress,
      group: 'alone',
      handle: oneByOne(({ headers, value }) => {
        const { data } = JSON.parse(value.toString()) as { data: { lastSeq: number; events: unknown[] } };
        told.push(`${headers['attempt']} ${headers['moved'] || 'on'} ${data.events.length}`);
        return DONE;
      }),
    });
    const ref = await test.runs.assigned();
    const [start, ...rest] = reportedEvents(3, 'run.succeeded');
    if (!start) throw new Error('no event');
    await test.take(test.report(ref, [start]));
    await test.take(test.report(ref, rest));
    await test.take(test.report(ref, rest));
    await test.take(test.report(ref, [start], { attempt: 2 }));
    await until('all is told', () => told.length === 4);
    expect(told).toEqual(['1 on 1', '1 ended 2', '1 ended 0', '2 fenced 0']);
  });

  it('tells of a run that it had to end', async () => {
    const ended: string[] = [];
    await test.bus.subscribe({
      reader: 'waiters',
      topic: TOPICS.runProgress,
      group: 'alone',
      handle: oneByOne(({ key, headers }) => {
        if (headers['moved'] === 'ended') ended.push(key);
        return DONE;
      }),
    });
    const ref = await test.runs.assigned();
    await test.take(test.report(ref, [reported(1, 'log', { data: '{' })]));
    await until('it is told', () => ended.length > 0);
    expect(ended).toEqual([ref.runId]);
  });
});
