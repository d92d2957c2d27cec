import { describe, expect, it } from '@jest/globals';
import { contentHash, idempotencyHash } from './content.ts';

describe("content's name", () => {
  it('is its SHA-256 in hex, whether it is given as text or as bytes', () => {
    const hash = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(contentHash('abc')).toBe(hash);
    expect(contentHash(Buffer.from('abc'))).toBe(hash);
  });
});

describe("an idempotent body's hash", () => {
  it('tells bodies apart, and peppers', () => {
    const pepper = Buffer.alloc(32, 1);
    const hash = idempotencyHash(pepper, '{"input":"a"}');
    expect(idempotencyHash(pepper, '{"input":"a"}')).toEqual(hash);
    expect(idempotencyHash(pepper, '{"input":"b"}')).not.toEqual(hash);
    expect(idempotencyHash(Buffer.alloc(32, 2), '{"input":"a"}')).not.toEqual(hash);
  });
});
