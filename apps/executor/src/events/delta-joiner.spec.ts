import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DEFAULTS } from '#libs/domain';
import { Redactor } from '../broker/redactor.ts';
import { DeltaJoiner } from './delta-joiner.ts';

describe('the pieces of a message', () => {
  let said: string[];
  let joiner: DeltaJoiner;
  const add = (text: string, messageId = 'm1') => joiner.add({ messageId, nodeId: 'n1', text });
  const join = (...secrets: ConstructorParameters<typeof Redactor>[0]) => {
    said = [];
    joiner = new DeltaJoiner(new Redactor(secrets), ({ messageId, nodeId, text }) =>
      said.push(`${messageId}/${nodeId} ${text}`),
    );
  };
  beforeEach(() => {
    jest.useFakeTimers();
    join();
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

  describe('of a run with a secret', () => {
    beforeEach(() => join({ name: 'KEY', value: 'sk-secret' }));

    it('leave by the word, the first whole one at once', () => {
      for (const text of ['Hel', 'lo ', 'wor', 'ld ']) add(text);
      expect(said).toEqual(['m1/n1 Hello ']);
      jest.advanceTimersByTime(DEFAULTS.deltaJoinMs);
      expect(said).toEqual(['m1/n1 Hello ', 'm1/n1 world ']);
    });

    it('show no secret, however it is cut', () => {
      for (const text of ['key: s', 'k-sec', 'ret! it was']) {
        add(text);
        jest.advanceTimersByTime(DEFAULTS.deltaJoinMs);
      }
      joiner.end();
      expect(said).toEqual(['m1/n1 key: ', 'm1/n1 [secret:KEY]! it ', 'm1/n1 was']);
    });

    it('are said whole at the end', () => {
      add('sk-sec');
      expect(said).toEqual([]);
      joiner.end();
      expect(said).toEqual(['m1/n1 sk-sec']);
    });
  });
});
