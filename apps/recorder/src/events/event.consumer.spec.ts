import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type BusMessage, RunEvents, TOPICS } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { counterFaults, logFaults, type RunRef, reported, reportedEvents, TestRecorder } from '#libs/testing';

describe('what executors report', () => {
  let test: TestRecorder;
  let taken: number;
  beforeAll(async () => {
    test = await TestRecorder.create();
  });
  beforeEach(async () => {
    Object.assign(test.counters, { delivered: 0, written: 0, duplicate: 0, fenced: 0, dead: 0 });
    await test.runs.database.rows('delete from dead_letter');
    taken = 0;
  });
  afterAll(() => test.dispose());

  /** Takes messages of so many events, and looks at the books. */
  const take = async (events: number, ...messages: BusMessage[]) => {
    taken += events;
    await test.take(...messages);
    expect(counterFaults(test.counters, taken)).toEqual([]);
  };
  const types = async (ref: RunRef) => (await test.runs.log(ref)).map(({ type }) => type);
  const errorOf = async (ref: RunRef) => JSON.parse((await test.runs.row(ref)).error ?? 'null') as unknown;
  const reasons = async () => (await test.letters()).map(({ reason }) => reason);

  it('is written in its order, and moves its run', async () => {
    const ref = await test.runs.assigned();
    const [start, line, end] = reportedEvents(3, 'run.succeeded');
    if (!start || !line || !end) throw new Error('no events');
    await take(2, test.report(ref, [start, line]));
    expect(await test.runs.live(ref)).toMatchObject({ status: 'running', last_n: 2, last_seq: 3 });
    await take(1, test.report(ref, [end]));
    expect(await types(ref)).toEqual(['run.queued', 'run.started', 'log', 'run.succeeded']);
    const row = await test.runs.row(ref);
    expect(row).toMatchObject({ status: 'succeeded', error: null, last_n: 3 });
    expect(JSON.parse(row.output ?? '')).toMatchObject({ text: 'hi' });
    expect(test.counters).toMatchObject({ written: 3 });
  });

  it('is written once, however often it comes', async () => {
    const ref = await test.runs.assigned();
    const message = test.report(ref, reportedEvents(3, 'run.succeeded'));
    await take(9, message, message, message);
    await take(3, message);
    expect(test.counters).toMatchObject({ written: 3, duplicate: 9 });
    expect(logFaults(await test.runs.log(ref))).toEqual([]);
  });

  it('is fenced where its attempt was taken away', async () => {
    const ref = await test.runs.assigned();
    await test.runs.database.rows(`update run_live set status = 'queued' where run_id = $1`, [ref.runId]);
    await test.runs.claim(ref);
    await take(2, test.report(ref, reportedEvents(2)));
    await take(2, test.report(ref, reportedEvents(2), { attempt: 2 }));
    expect(test.counters).toMatchObject({ fenced: 2, written: 2 });
    expect((await test.runs.log(ref)).map(({ attempt }) => attempt)).toEqual([0, 2, 2]);
  });

  it('breaks its attempt where one is missing, and is fenced from there on', async () => {
    const ref = await test.runs.assigned();
    await take(1, test.report(ref, reportedEvents(1)));
    await take(1, test.report(ref, [reported(3, 'log')]));
    await take(1, test.report(ref, [reported(2, 'log')]));
    expect(test.counters).toMatchObject({ written: 1, fenced: 2 });
    expect(await test.runs.live(ref)).toMatchObject({ broken: true, last_n: 1 });
  });

  describe('without being able to', () => {
    const cases: [string, (ref: RunRef, other: RunRef) => BusMessage, string][] = [
      ['no token', (ref) => test.report(ref, reportedEvents(1), { token: '' }), 'run token'],
      [
        'the token of another run',
        (ref, other) => {
          const { runToken } = RunEvents.decode(test.report(other, reportedEvents(1)).value).data;
          return test.report(ref, reportedEvents(1), { token: runToken });
        },
        'run token',
      ],
      [
        'the token of another attempt',
        (ref) => {
          const next = test.report(ref, reportedEvents(1), { attempt: 2 });
          const { runToken } = RunEvents.decode(next.value).data;
          return test.report(ref, reportedEvents(1), { token: runToken });
        },
        'run token',
      ],
      [
        'the token of another executor',
        (ref) => changed(test.report(ref, reportedEvents(1)), { executorId: newId() }),
        'run token',
      ],
      [
        'a token for another organization',
        (ref) => ({ ...test.report({ ...ref, organizationId: newId() }, reportedEvents(1)) }),
        '',
      ],
      [
        'no organization',
        (ref) => {
          const message = test.report(ref, reportedEvents(1));
          const { data } = RunEvents.decode(message.value);
          return { ...message, value: RunEvents.encode(null, data).value };
        },
        'run token',
      ],
      [
        'no event',
        (ref) => changed(test.report(ref, reportedEvents(1)), { events: [] }),
        'no run.event message',
      ],
      ['bytes that are no message', (ref) => raw(ref, Buffer.from([0, 1, 255])), 'no run.event message'],
      ['a type that nobody knows', (ref) => unknownType(ref), 'no run.event message'],
    ];
    it.each(cases)('writes nothing: %s', async (_what, make, reason) => {
      const [ref, other] = [await test.runs.assigned(), await test.runs.assigned()];
      const bad = make(ref, other);
      await take(3, bad, test.report(other, reportedEvents(2)));
      expect(await types(ref)).toEqual(['run.queued']);
      expect(await test.runs.live(ref)).toMatchObject({ status: 'assigned' });
      expect(await types(other)).toEqual(['run.queued', 'run.started', 'log']);
      if (reason === '') return;
      expect(test.counters).toMatchObject({ dead: 1 });
      const [letter, ...more] = await test.letters();
      expect(more).toEqual([]);
      expect(letter?.reason).toContain(reason);
      expect(letter?.value).toEqual(bad.value);
    });

    const changed = (message: BusMessage, data: object): BusMessage => {
      const envelope = JSON.parse(message.value.toString()) as { data: object };
      const value = Buffer.from(JSON.stringify({ ...envelope, data: { ...envelope.data, ...data } }));
      return { ...message, value };
    };
    const raw = ({ runId }: RunRef, value: Buffer): BusMessage => ({
      topic: TOPICS.runEvent,
      key: runId,
      partition: 0,
      headers: {},
      value,
    });
    const unknownType = (ref: RunRef) =>
      changed(test.report(ref, reportedEvents(1)), {
        events: [{ ...reported(1, 'log'), type: 'run.hacked' }],
      });
  });

  describe('though it cannot be recorded', () => {
    it.each([
      ['is no JSON', reported(2, 'log', { data: '{' })],
      ['does not fit its schema', reported(2, 'log', { data: '{"nodeId":1}' })],
      ['is not its to say', reported(2, 'run.retried', { data: '{"failedAttempt":1,"reason":"r"}' })],
    ])('ends its run and no other where it %s', async (_what, bad) => {
      const [ref, before, after] = [
        await test.runs.assigned(),
        await test.runs.assigned(),
        await test.runs.assigned(),
      ];
      await take(
        6,
        test.report(before, reportedEvents(2)),
        test.report(ref, [reported(1, 'run.started'), bad]),
        test.report(after, reportedEvents(2)),
      );
      expect(await errorOf(ref)).toMatchObject({ code: 'run.bad_event' });
      expect(await types(ref)).toEqual(['run.queued', 'run.failed']);
      for (const other of [before, after])
        expect(await types(other)).toEqual(['run.queued', 'run.started', 'log']);
      expect(test.counters).toMatchObject({ written: 4, dead: 2 });
      expect(await reasons()).toHaveLength(1);
    });

    it('changes nothing for an attempt that does not hold its run any more', async () => {
      const ref = await test.runs.assigned();
      await test.runs.database.rows(`update run_live set status = 'queued' where run_id = $1`, [ref.runId]);
      await test.runs.claim(ref);
      await take(1, test.report(ref, [reported(1, 'log', { data: '{' })]));
      expect(await test.runs.live(ref)).toMatchObject({ status: 'assigned', attempt: 2, last_seq: 1 });
    });
  });

  it('may hold NUL, which comes back', async () => {
    const ref = await test.runs.assigned();
    const data = '{"nodeId":"n","level":"info","text":"a\\u0000b"}';
    await take(2, test.report(ref, [reported(1, 'run.started'), reported(2, 'log', { data })]));
    expect((await test.runs.log(ref)).at(-1)?.data).toBe(data);
    expect(test.counters).toMatchObject({ written: 2 });
  });
});
