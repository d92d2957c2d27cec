import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DONE, oneByOne } from '#libs/bus';
import { type BusMessage, TOPICS } from '#libs/contracts';
import { TestRecorder, until } from '#libs/testing';

describe('dead letters', () => {
  let test: TestRecorder;
  beforeEach(async () => {
    test = await TestRecorder.create();
  });
  afterEach(() => test.dispose());

  const stored = (count: number) =>
    until(`${count} dead letters`, async () => {
      const letters = await test.letters();
      return letters.length >= count && letters;
    });
  const message = (more: Partial<BusMessage>): BusMessage => ({
    topic: TOPICS.runEvent,
    key: 'k',
    partition: 1,
    headers: { traceparent: '00-1' },
    value: Buffer.from('?'),
    ...more,
  });

  it('are kept with their bytes, their place, their headers and the reason', async () => {
    const value = Buffer.from([0, 1, 2, 254, 255]);
    await test.take(message({}), message({ key: 'ключ', value }));
    const [, letter] = await stored(2);
    expect(letter).toMatchObject({ topic: TOPICS.runEvent, partition: 1, offset: '1', value });
    expect(letter?.key.toString('utf8')).toBe('ключ');
    expect(letter?.headers).toMatchObject({ traceparent: '00-1', 'dead-reader': 'recorder' });
    expect(letter?.reason).toContain('no run.event message');
  });

  it('are stored before the partition goes on', async () => {
    const seen: number[] = [];
    const store = test.recorder['store'];
    const append = store.append.bind(store);
    store.append = async (appends, positions) => {
      seen.push((await test.letters()).length);
      return append(appends, positions);
    };
    await test.take(message({}));
    const ref = await test.runs.assigned();
    await test.take({ ...test.report(ref, []), partition: 1 });
    expect(seen).toEqual([0, 1]);
  });

  it('are kept where a reason quotes what no text of the database can hold', async () => {
    const value = Buffer.from('\0 is where it begins');
    await test.take(message({ value }));
    const [letter] = await stored(1);
    expect(letter?.value).toEqual(value);
    expect(letter?.reason).toContain('no run.event message');
    expect(letter?.reason).not.toContain('\0');
  });

  it('come from every reader', async () => {
    await test.bus.subscribe({
      reader: 'conductor',
      topic: TOPICS.runTouched,
      group: 'alone',
      handle: oneByOne(({ value }) => (value[0] === 33 ? { kind: 'dead', reason: 'shouts' } : DONE)),
    });
    await test.bus.publish(
      ['!', '.'].map((text) => message({ topic: TOPICS.runTouched, value: Buffer.from(text) })),
    );
    const [letter, ...more] = await stored(1);
    expect(more).toEqual([]);
    expect(letter).toMatchObject({ topic: TOPICS.runTouched, reason: 'shouts', offset: '0' });
    expect(letter?.headers['dead-reader']).toBe('conductor');
  });

  it.each([
    ['partition', 'no number', { partition: -1 }],
    ['partition', '2147483648', { partition: -1 }],
    ['offset', '0.5', { offset: '-1' }],
    ['offset', '1e30', { offset: '-1' }],
    ['topic', 'a\0b', { topic: 'a\uFFFDb' }],
  ])('are kept whatever stands in them as their %s: %j', async (name, text, kept) => {
    await test.bus.publish([message({ topic: TOPICS.dead, headers: { [`dead-${name}`]: text } })]);
    expect(await stored(1)).toMatchObject([kept]);
  });

  it('are kept without a place where they name none', async () => {
    await test.bus.publish([message({ topic: TOPICS.dead, headers: { 'dead-reason': 'a reason' } })]);
    expect(await stored(1)).toMatchObject([{ topic: '', partition: -1, offset: '-1', reason: 'a reason' }]);
  });
});
