import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, flawOfJson, isJsonObject, type Json } from './json.ts';

describe('canonical JSON', () => {
  it('sorts names by their UTF-16 code units, as in RFC 8785', () => {
    const value = {
      '€': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '😀': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      ö: 'Latin Small Letter O With Diaeresis',
    };
    const names = Object.keys(JSON.parse(canonicalJson(value)));
    // an integer-like name comes first in a JavaScript object whatever the text says
    expect(canonicalJson(value).startsWith('{"\\r":"Carriage Return","1":"One"')).toBe(true);
    expect(names.filter((name) => name !== '1')).toEqual(['\r', '\u0080', 'ö', '€', '😀', '\ufb33']);
  });

  it('writes numbers, texts and literals as in RFC 8785', () => {
    const value = {
      numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001, -0],
      string: '€$\u000F\u000aA\'B"\\\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27,0],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('holds no space and sorts at every depth', () => {
    expect(canonicalJson({ b: [{ d: 1, c: {} }], a: [] })).toBe('{"a":[],"b":[{"c":{},"d":1}]}');
  });

  it('keeps a member named __proto__', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"z":1,"y":2}}'))).toBe(
      '{"__proto__":{"y":2,"z":1},"b":1}',
    );
  });

  it('is one text for one value, whatever the order of names, and loses nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (given) => {
        const value = JSON.parse(JSON.stringify(given)) as Json; // without -0, which JSON does not keep
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(value);
        expect(canonicalJson(reversed(value))).toBe(text);
      }),
      { numRuns: 500, seed: 8785 },
    );
  });
});

function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [name, reversed(member)] as const);
  return Object.fromEntries(members.reverse());
}

const nested = (depth: number, inner: Json, isObject = false): Json => {
  let value = inner;
  for (let level = 0; level < depth; level += 1) value = isObject ? { a: value } : [value];
  return value;
};

describe('the flaw of a JSON value', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['truth', false],
    ['a number', -1.5e300],
    ['a pair of surrogates', '😀'],
    ['NUL in a text', 'a\u0000b'],
    ['NUL in a name', { 'a\u0000b': 1 }],
    ['256 levels of lists', nested(256, 1)],
    ['256 levels of objects', nested(256, 'x', true)],
    ['a member named __proto__', JSON.parse('{"__proto__":{"a":1}}')],
  ])('is none for %s', (_what, value) => {
    expect(flawOfJson(value)).toBeUndefined();
  });

  it.each<[string, unknown, string]>([
    ['the first half of a pair', 'a\ud800', 'a text holds a lone surrogate'],
    ['the second half of a pair', '\udc00a', 'a text holds a lone surrogate'],
    ['a pair the wrong way round', '\udc00\ud800', 'a text holds a lone surrogate'],
    ['half a pair deep inside', { a: [1, { b: '\ud800' }] }, 'a text holds a lone surrogate'],
    ['half a pair in a name', { a: { '\ud800': 1 } }, 'a name holds a lone surrogate'],
    ['NaN', Number.NaN, 'a number is not finite'],
    ['infinity', [Number.POSITIVE_INFINITY], 'a number is not finite'],
    ['negative infinity', { a: Number.NEGATIVE_INFINITY }, 'a number is not finite'],
    ['257 levels of lists', nested(257, 1), 'it is nested deeper than 256 levels'],
    ['257 levels of objects', nested(257, 1, true), 'it is nested deeper than 256 levels'],
    ['an empty list at level 257', nested(256, []), 'it is nested deeper than 256 levels'],
    ['100,000 levels', nested(100_000, 1), 'it is nested deeper than 256 levels'],
    ['nothing', undefined, 'a undefined is not JSON'],
    ['nothing in a list', [undefined], 'a undefined is not JSON'],
    ['a bigint', { a: 1n }, 'a bigint is not JSON'],
    ['a function', () => 1, 'a function is not JSON'],
  ])('is named for %s', (_what, value, flaw) => {
    expect(flawOfJson(value)).toBe(flaw);
  });
});

describe('a JSON object', () => {
  it.each<[string, unknown, boolean]>([
    ['an object', {}, true],
    ['null', null, false],
    ['a list', [], false],
    ['a text', 'a', false],
    ['nothing', undefined, false],
  ])('is told apart: %s', (_what, value, isObject) => {
    expect(isJsonObject(value)).toBe(isObject);
  });
});
