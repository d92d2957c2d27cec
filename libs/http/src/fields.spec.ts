import { describe, expect, it } from '@jest/globals';
import { Id, Name, Timestamp, text } from './fields.ts';

describe('a text', () => {
  it.each(['a', 'ab c', '😀', '\n\t', 'é'.repeat(5)])('is taken: %j', (value) => {
    expect(text(1, 5).parse(value)).toBe(value);
  });

  it.each<[string, unknown]>([
    ['NUL', 'a\u0000b'],
    ['the first half of a pair', 'a\ud800'],
    ['the second half of a pair', '\udc00a'],
    ['nothing', ''],
    ['too much', '123456'],
    ['a number', 1],
    ['null', null],
  ])('is refused: %s', (_what, value) => {
    expect(text(1, 5).safeParse(value).success).toBe(false);
  });

  it('may be empty where that is allowed', () => {
    expect(text(0, 5).parse('')).toBe('');
  });
});

describe('a name', () => {
  it('is taken as people write it, up to 80 letters', () => {
    for (const name of ['hello', 'My flow (2)', 'Straße', 'x'.repeat(80)])
      expect(Name.parse(name)).toBe(name);
  });

  it.each(['', ' ', ' a', 'a ', 'a\n', 'x'.repeat(81), 'a\u0000'])('is refused: %j', (name) => {
    expect(Name.safeParse(name).success).toBe(false);
  });
});

describe('an id', () => {
  it('is a UUID', () => {
    expect(Id.safeParse('017f22e2-79b0-7cc3-98c4-dc0c0c07398f').success).toBe(true);
    for (const id of ['', 'abc', '017f22e279b07cc398c4dc0c0c07398f', '../x'])
      expect(Id.safeParse(id).success).toBe(false);
  });
});

describe('a moment', () => {
  it('is written in UTC', () => {
    expect(Timestamp.safeParse('2026-11-21T00:00:00.000Z').success).toBe(true);
    for (const moment of ['2026-11-21', '2026-11-21T00:00:00+01:00', 'now'])
      expect(Timestamp.safeParse(moment).success).toBe(false);
  });
});
