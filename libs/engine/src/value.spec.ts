import { describe, expect, it } from '@jest/globals';
import type { Json } from '#libs/kernel';
import { isMessage, message, textOf, type Value } from './value.ts';

/** What a message is once it was sent somewhere. */
const asJson = (value: object): Json => JSON.parse(JSON.stringify(value));

describe('a value as text', () => {
  it.each<[string, Value | undefined, string]>([
    ['nothing', undefined, ''],
    ['null', null, ''],
    ['a text', 'a\n', 'a\n'],
    ['a message', message({ text: 'hello' }), 'hello'],
    ['a list, line by line', ['a', asJson(message({ text: 'b' })), 1, ['c', 'd']], 'a\nb\n1\nc\nd'],
    ['an object', { b: 1, a: [true] }, '{"b":1,"a":[true]}'],
    ['a number', 1.5, '1.5'],
    ['truth', false, 'false'],
  ])('is %s', (_what, value, text) => {
    expect(textOf(value)).toBe(text);
  });
});

describe('a message', () => {
  it('has all of its members, so that what reads it finds them', () => {
    expect(message({ text: 'a', session_id: 's' })).toEqual({
      kind: 'Message',
      id: null,
      text: 'a',
      sender: null,
      sender_name: null,
      session_id: 's',
      files: [],
      properties: { source: { id: null, display_name: null, source: null }, usage: null },
    });
  });

  it('is known again after it was JSON', () => {
    expect(isMessage(asJson(message({ text: 'a' })))).toBe(true);
    for (const other of [null, 'a', [], {}, { kind: 'Message' }, { text: 'a' }, { kind: 'Message', text: 1 }])
      expect(isMessage(other)).toBe(false);
  });
});
