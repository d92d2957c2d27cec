import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hashToken, isSameHash, mintToken, newPublicId, readToken, TOKEN_PATTERN } from './token.ts';

const ID = Buffer.from('0011223344556677', 'hex');
const SECRET = Buffer.from(Array.from({ length: 32 }, (_, index) => index));
const VECTOR = 'hgf_000M5Rx98ttP_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf4Gru5T';
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const position = fc.nat(VECTOR.length - 1);

const substitution = fc.tuple(position, fc.constantFrom(...ALPHABET, '_')).map(([at, letter]) => {
  return VECTOR.slice(0, at) + letter + VECTOR.slice(at + 1);
});

const transposition = fc.tuple(position, position).map(([one, other]) => {
  const letters = [...VECTOR];
  [letters[one], letters[other]] = [VECTOR.charAt(other), VECTOR.charAt(one)];
  return letters.join('');
});

describe('a token', () => {
  it('has the form of the vector', () => {
    const token = mintToken('flow', newPublicId(ID), SECRET);
    expect(token).toEqual({ text: VECTOR, letter: 'f', publicId: '000M5Rx98ttP' });
  });

  it('is read back as what was minted', () => {
    for (const kind of ['flow', 'refresh', 'bootstrap'] as const) {
      const token = mintToken(kind);
      expect(token.text).toHaveLength(66);
      expect(readToken(token.text)).toEqual(token);
    }
  });

  it('is another each time', () => {
    const many = Array.from({ length: 100 }, () => mintToken('flow').text);
    expect(new Set(many).size).toBe(100);
  });

  it('keeps its form at both ends of its numbers', () => {
    const low = mintToken('flow', newPublicId(Buffer.alloc(8)), Buffer.alloc(32));
    const high = mintToken('flow', newPublicId(Buffer.alloc(8, 0xff)), Buffer.alloc(32, 0xff));
    for (const { text } of [low, high]) {
      expect(text).toMatch(/^hgf_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
      expect(readToken(text)?.text).toBe(text);
    }
    expect(low.publicId).toBe('000000000000');
  });
});

describe('reading a token', () => {
  it('refuses 10,000 single letters that are another', () => {
    fc.assert(
      fc.property(
        substitution.filter((text) => text !== VECTOR),
        (text) => readToken(text) === undefined,
      ),
      { numRuns: 10_000, seed: 66 },
    );
  });

  it('refuses 10,000 pairs of letters that changed places', () => {
    fc.assert(
      fc.property(
        transposition.filter((text) => text !== VECTOR),
        (text) => readToken(text) === undefined,
      ),
      { numRuns: 10_000, seed: 66 },
    );
  });

  it.each([
    ['nothing', ''],
    ['a letter too few', VECTOR.slice(0, -1)],
    ['a letter too many', `${VECTOR}0`],
    ['a space before', ` ${VECTOR}`],
    ['a line end behind', `${VECTOR}\n`],
    ['an unknown kind', VECTOR.replace('hgf', 'hgx')],
    ['another product', VECTOR.replace('hgf', 'sk-')],
    ['letters beyond the alphabet', VECTOR.replace('R', 'Я')],
  ])('refuses %s', (_what, text) => {
    expect(readToken(text)).toBeUndefined();
  });
});

describe('a token in a text', () => {
  it('is found wherever it stands', () => {
    const text = `curl -H "x-api-key: ${VECTOR}" and ${VECTOR.replace('hgf', 'hgp')}, not x${VECTOR}x`;
    expect(text.match(TOKEN_PATTERN)).toEqual([VECTOR, VECTOR.replace('hgf', 'hgp')]);
  });

  it('is found behind every escape of JSON', () => {
    for (const before of ['\n', '\t', '\r', '\b', '\f', '\u0001', '"', '\\']) {
      expect(JSON.stringify(before + VECTOR).match(TOKEN_PATTERN)).toEqual([VECTOR]);
    }
  });
});

describe('the stored hash', () => {
  const pepper = Buffer.alloc(32, 0x0b);

  it('is that of the vector', () => {
    expect(hashToken(pepper, VECTOR).toString('hex')).toBe(
      '140c9b61bab2860dcf2adf62f115434a0c4bc9c36a2476b57309dd9d075fbaa9',
    );
  });

  it('depends on the pepper', () => {
    expect(hashToken(Buffer.alloc(32, 0x0c), VECTOR)).not.toEqual(hashToken(pepper, VECTOR));
  });

  it('is compared in whole: another byte or another length is another hash', () => {
    const hash = hashToken(pepper, VECTOR);
    const other = Buffer.from(hash);
    other.writeUInt8(other.readUInt8(31) ^ 1, 31);
    expect(isSameHash(hash, Buffer.from(hash))).toBe(true);
    expect(isSameHash(hash, other)).toBe(false);
    expect(isSameHash(hash, hash.subarray(0, 31))).toBe(false);
    expect(isSameHash(hash, Buffer.alloc(0))).toBe(false);
  });
});
