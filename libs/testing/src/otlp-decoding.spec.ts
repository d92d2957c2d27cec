import { describe, expect, it } from '@jest/globals';
import { decodeSpans } from './otlp-decoding.ts';

const bytes = (number: number, content: Buffer | string) =>
  Buffer.concat([Buffer.from([(number << 3) | 2, Buffer.byteLength(content)]), Buffer.from(content)]);

const resource = bytes(1, bytes(1, Buffer.concat([bytes(1, 'service.name'), bytes(2, bytes(1, 'a'))])));
const spanOf = (...fields: Buffer[]) =>
  Buffer.concat([bytes(1, Buffer.alloc(16, 1)), bytes(5, 'it'), ...fields]);
const request = (span: Buffer) => bytes(1, Buffer.concat([resource, bytes(2, bytes(2, span))]));
const attribute = (value: Buffer) => bytes(9, Buffer.concat([bytes(1, 'it'), bytes(2, value)]));

describe('the protobuf of spans', () => {
  it('is read with its service, whatever else stands in it', () => {
    const later = Buffer.from([0x85, 1, 1, 0, 0, 0]);
    expect(decodeSpans(request(spanOf(later)))).toMatchObject([
      { service: 'a', name: 'it', traceId: '01'.repeat(16), parentId: '', kind: 0, isError: false },
    ]);
  });

  it.each([
    [Buffer.from([0x10, 1]), true],
    [Buffer.from([0x18, ...Array.from({ length: 9 }, () => 0xff), 1]), -1],
    [Buffer.from([0x21, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f]), 1.5],
    [bytes(5, Buffer.concat([bytes(1, bytes(1, 'a')), bytes(1, bytes(1, 'b'))])), ['a', 'b']],
  ])('has values of every kind: %j', (value, read) => {
    expect(decodeSpans(request(spanOf(attribute(value))))[0]?.attributes).toEqual({ it: read });
  });

  it.each([
    ['is cut', request(spanOf()).subarray(0, -1)],
    ['has a number without an end', request(spanOf(Buffer.from([0x30, 0xff])))],
    ['has a field of no known type', request(spanOf(Buffer.from([0x33])))],
    ['has a number for a name', request(Buffer.from([0x28, 1]))],
  ])('is refused where it %s', (_how, given) => {
    expect(() => decodeSpans(given)).toThrow();
  });
});
