import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DEFAULTS } from '#libs/domain';
import { Redactor } from '../broker/redactor.ts';
import { DeltaJoiner } from './delta-joiner.ts';

describe('the pieces of a message', () => {
  let said: string[];
  let joiner: DeltaJoiner;
  const add = (text: string, messageId = 'm1') => joiner.add({ messageId, nodeId: 'n1', text });
  beforeEach(() => {
    jest.useFakeTimers();
    said = [];
    const redactor = new Redactor([{ name: 'KEY', value: 'sk-secret' }]);
    joiner = new DeltaJoiner(redactor, ({ messageId, nodeId, text }) =>
      said.push(`${messageId}/${nodeId} ${text}`),
    );
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('leave at once with the first, then what gathers in a moment', () => {
    for (const text of ['a', 'b', 'z']) add(text);
    expect(said).toEqual(['m1/n1 a']);
    jest.advanceTimersByTime(DEFAULTS.deltaJoinMs - 1);
    add('d');
    expect(said).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(said).toEqual(['m1/n1 a', 'm1/n1 bzd']);
    add('e');
    expect(said).toHaveLength(2);
    jest.advanceTimersByTime(DEFAULTS.deltaJoinMs);
    expect(said.at(-1)).toBe('m1/n1 e');
  });

  it('leave before the moment is over where they fill a packet, and only once', () => {
    add('a');
    add('b'.repeat(DEFAULTS.deltaJoinBytes - 1));
    expect(said).toHaveLength(1);
    add('z');
    expect(said).toHaveLength(2);
    jest.advanceTimersByTime(DEFAULTS.deltaJoinMs - 1);
    add('x');
    jest.advanceTimersByTime(1);
    expect(said).toHaveLength(2);
  });

  it('leave when another event follows, and the next one is a first again', () => {
    add('a');
    add('b');
    joiner.end();
    expect(said).toEqual(['m1/n1 a', 'm1/n1 b']);
    joiner.end();
    add('z');
    jest.advanceTimersByTime(DEFAULTS.deltaJoinMs);
    expect(said).toEqual(['m1/n1 a', 'm1/n1 b', 'm1/n1 z']);
  });

  it('of another message follow those of the first', () => {
    add('a');
    add('b');
    add('z', 'm2');
    expect(said).toEqual(['m1/n1 a', 'm1/n1 b', 'm2/n1 z']);
  });

  it('show no secret, however it is cut', () => {
    for (const text of ['key: s', 'k-sec', 'ret!']) {
      add(text);
      jest.advanceTimersByTime(DEFAULTS.deltaJoinMs);
    }
    expect(said).toEqual(['m1/n1 key: ', 'm1/n1 [secret:KEY]!']);
  });

  it('are said whole at the end, also what looked like the beginning of a secret', () => {
    add('sk-sec');
    expect(said).toEqual([]);
    joiner.end();
    expect(said).toEqual(['m1/n1 sk-sec']);
  });
});
