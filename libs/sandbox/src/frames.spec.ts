import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeFrame, FrameError, FrameReader } from './frames.ts';

const MiB = 1024 * 1024;

/** Reads bytes that come in chunks of these sizes, over and over. */
function readInChunks(bytes: Buffer, sizes: readonly number[], maxFrameBytes = 64 * MiB): unknown[] {
  const reader = new FrameReader(maxFrameBytes);
  const frames: unknown[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    frames.push(...reader.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return frames;
}

/** A part as the wire has it. */
function part(body: string | Buffer, isFollowed = false): Buffer {
  const bytes = Buffer.from(body);
  const header = Buffer.alloc(4);
  header.writeUInt32BE((bytes.length | (isFollowed ? 0x8000_0000 : 0)) >>> 0);
  return Buffer.concat([header, bytes]);
}

describe('frames', () => {
  it('come back as they were, however the pipe cuts them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 }),
        (given, sizes) => {
          // what JSON itself does not keep (such as -0) is not the frame's to keep
          const frames = given.map((value): unknown => JSON.parse(JSON.stringify(value)));
          expect(readInChunks(Buffer.concat(frames.map(encodeFrame)), sizes)).toEqual(frames);
        },
      ),
      { numRuns: 500, seed: 4600 },
    );
  });

  it('come back as they were when they are larger than a part, however the pipe cuts them', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(MiB - 3, MiB - 2, MiB - 1, MiB, 2 * MiB - 2, 2 * MiB + 1, 5 * MiB),
        fc.constantFrom('x', 'é', '🚪'),
        fc.array(fc.integer({ min: 1_000, max: 3 * MiB }), { minLength: 1, maxLength: 4 }),
        (bytes, letter, sizes) => {
          const large = letter.repeat(Math.ceil(bytes / Buffer.byteLength(letter)));
          const wire = Buffer.concat([encodeFrame('before'), encodeFrame(large), encodeFrame({ after: 1 })]);
          const [before, whole, after, ...more] = readInChunks(wire, sizes);
          expect([before, after, more]).toEqual(['before', { after: 1 }, []]);
          expect(whole === large).toBe(true);
        },
      ),
      { numRuns: 30, seed: 4600 },
    );
  });

  it('come when they are whole, not before', () => {
    const reader = new FrameReader(MiB);
    const wire = encodeFrame({ a: 1 });
    expect([...reader.push(wire.subarray(0, 3))]).toEqual([]);
    expect([...reader.push(wire.subarray(3, -1))]).toEqual([]);
    expect([...reader.push(Buffer.concat([wire.subarray(-1), wire]))]).toEqual([{ a: 1 }, { a: 1 }]);
  });

  it('may be as large as the limit and not a byte larger', () => {
    const fits = encodeFrame('x'.repeat(98));
    expect([...new FrameReader(100).push(fits)]).toEqual(['x'.repeat(98)]);
    expect(() => [...new FrameReader(99).push(fits)]).toThrow(FrameError);
  });

  it('count all their parts against the limit, each frame anew', () => {
    const large = encodeFrame('x'.repeat(1.5 * MiB));
    expect(readInChunks(Buffer.concat([large, large]), [MiB], 2 * MiB)).toHaveLength(2);
    const small = encodeFrame('x'.repeat(60));
    expect(readInChunks(Buffer.concat([small, small, small]), [50], 100)).toHaveLength(3);
    expect(() => readInChunks(large, [100_000], 1.4 * MiB)).toThrow(FrameError);
  });

  it.each([
    ['no JSON', part('not json')],
    ['half a JSON text', part('{"a":')],
    ['nothing', part('')],
    ['the announcement of a part that is too large', Buffer.from([0x7f, 0xff, 0xff, 0xff])],
    ['text instead of frames', Buffer.from('Error: something\n')],
    ['a small part that is not the last', Buffer.concat([part('"a', true), part('b"')])],
    ['an empty part that is not the last', part('', true)],
  ])('are refused where the pipe holds %s', (_what, wire) => {
    expect(() => [...new FrameReader(MiB).push(wire)]).toThrow(FrameError);
  });
});
