import { describe, expect, it } from '@jest/globals';
import { isSigned, type SignedPath, signPath } from './signed-path.ts';

const KEY = Buffer.alloc(32, 5);
const SIGNED: SignedPath = { method: 'PUT', path: 'staging/r1/1', expiresAtSeconds: 1_000, maxBytes: 50 };
const SIGNATURE = signPath(KEY, SIGNED);

describe('a signed path', () => {
  it('is taken as it was signed, until it expires', () => {
    expect(isSigned(KEY, SIGNED, SIGNATURE, 0)).toBe(true);
    expect(isSigned(KEY, SIGNED, SIGNATURE, 999)).toBe(true);
    expect(isSigned(KEY, SIGNED, SIGNATURE, 1_000)).toBe(false);
  });

  it.each<[string, Partial<SignedPath>]>([
    ['method', { method: 'GET' }],
    ['path', { path: 'staging/r1/2' }],
    ['longer path', { path: 'staging/r1/1/0' }],
    ['time', { expiresAtSeconds: 1_001 }],
    ['size', { maxBytes: 51 }],
  ])('is refused with another %s', (_what, other) => {
    expect(isSigned(KEY, { ...SIGNED, ...other }, SIGNATURE, 0)).toBe(false);
  });

  it('is refused when another key signed it', () => {
    expect(isSigned(KEY, SIGNED, signPath(Buffer.alloc(32, 6), SIGNED), 0)).toBe(false);
  });

  it.each(['', 'x', '%%%', SIGNATURE.slice(0, -4), `${SIGNATURE}AAAA`])(
    'is refused with the signature %p',
    (text) => {
      expect(isSigned(KEY, SIGNED, text, 0)).toBe(false);
    },
  );

  it('is refused when its time is no number', () => {
    const never = { ...SIGNED, expiresAtSeconds: Number.NaN };
    expect(isSigned(KEY, never, signPath(KEY, never), 0)).toBe(false);
  });
});
