import { describe, expect, it } from '@jest/globals';
import { base62 } from './base62.ts';

describe('base62', () => {
  it.each([
    ['zero', [0], '0000'],
    ['its last single letter', [61], '000z'],
    ['the first of two letters', [62], '0010'],
    ['two bytes, the greater one first', [1, 0], '0048'],
    ['nothing', [], '0000'],
  ])('writes %s', (_what, bytes, text) => {
    expect(base62(Buffer.from(bytes), 4)).toBe(text);
  });

  it('loses nothing of the largest numbers', () => {
    expect(base62(Buffer.alloc(4, 0xff), 6)).toBe('4gfFC3');
    expect(base62(Buffer.alloc(8, 0xff), 12)).toBe('0LygHa16AHYF');
  });
});
