import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type S3Request, s3SignatureFault } from './stub-s3-signature.ts';

// the examples of S3's own documentation
const LOGIN = {
  region: 'us-east-1',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const NOW_MS = Date.UTC(2013, 4, 24);
const CREDENTIAL = `${LOGIN.accessKeyId}/20130524/us-east-1/s3/aws4_request`;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function signed(
  request: Pick<S3Request, 'method' | 'target'> & { body?: string },
  given: Record<string, string>,
  signature: string,
): S3Request {
  const body = request.body ?? '';
  const headers: Record<string, string> = {
    host: 'examplebucket.s3.amazonaws.com',
    'x-amz-date': '20130524T000000Z',
    'x-amz-content-sha256': sha256(body),
    ...given,
  };
  const names = Object.keys(headers).toSorted().join(';');
  headers['authorization'] =
    `AWS4-HMAC-SHA256 Credential=${CREDENTIAL},SignedHeaders=${names},Signature=${signature}`;
  return { ...request, headers, body: Buffer.from(body) };
}

const GET = signed(
  { method: 'GET', target: '/test.txt' },
  { range: 'bytes=0-9' },
  'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
);
const PUT = signed(
  { method: 'PUT', target: '/test%24file.text', body: 'Welcome to Amazon S3.' },
  { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
  '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
);
const LIST = signed(
  { method: 'GET', target: '/?max-keys=2&prefix=J' },
  {},
  '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
);
const PRESIGNED: S3Request = {
  method: 'GET',
  target: `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encodeURIComponent(CREDENTIAL)}&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`,
  headers: { host: 'examplebucket.s3.amazonaws.com' },
  body: Buffer.alloc(0),
};

describe("the stub's reading of a signature", () => {
  it.each([
    ['of a GET', GET],
    ['of a PUT with a body and an encoded path', PUT],
    ['over a query', LIST],
    ['in a URL', PRESIGNED],
  ])('takes the documented one %s', (_what, request) => {
    expect(s3SignatureFault(request, LOGIN, NOW_MS)).toBeUndefined();
  });

  const header = (request: S3Request, name: string, value: string) => ({
    ...request,
    headers: { ...request.headers, [name]: value },
  });
  it.each<[string, S3Request, string]>([
    ['another method', { ...GET, method: 'DELETE' }, 'SignatureDoesNotMatch'],
    ['another path', { ...GET, target: '/other.txt' }, 'SignatureDoesNotMatch'],
    ['another query', { ...LIST, target: '/?max-keys=3&prefix=J' }, 'SignatureDoesNotMatch'],
    ['another host', header(GET, 'host', 'other.s3.amazonaws.com'), 'SignatureDoesNotMatch'],
    ['another signed header', header(GET, 'range', 'bytes=0-8'), 'SignatureDoesNotMatch'],
    ['another body', { ...PUT, body: Buffer.from('Welcome') }, 'XAmzContentSHA256Mismatch'],
    ['a header of S3 that is not signed', header(GET, 'x-amz-copy-source', '/b/k'), 'AccessDenied'],
    ['no signature at all', header(GET, 'authorization', ''), 'AccessDenied'],
    [
      'another path in a URL',
      { ...PRESIGNED, target: PRESIGNED.target.replace('test', 'x') },
      'SignatureDoesNotMatch',
    ],
    [
      'a longer time in a URL',
      { ...PRESIGNED, target: PRESIGNED.target.replace('=86400', '=86401') },
      'SignatureDoesNotMatch',
    ],
  ])('refuses it for %s', (_what, request, fault) => {
    expect(s3SignatureFault(request, LOGIN, NOW_MS)).toBe(fault);
  });

  it('refuses another key, region or secret', () => {
    expect(s3SignatureFault(GET, { ...LOGIN, accessKeyId: 'other' }, NOW_MS)).toBe('InvalidAccessKeyId');
    expect(s3SignatureFault(GET, { ...LOGIN, region: 'x' }, NOW_MS)).toBe('AuthorizationHeaderMalformed');
    expect(s3SignatureFault(GET, { ...LOGIN, secretAccessKey: 'x' }, NOW_MS)).toBe('SignatureDoesNotMatch');
  });

  it('refuses what is older than a quarter of an hour, and a URL when its time is over', () => {
    expect(s3SignatureFault(GET, LOGIN, NOW_MS + 900_001)).toBe('RequestTimeTooSkewed');
    expect(s3SignatureFault(PRESIGNED, LOGIN, NOW_MS + 86_399_999)).toBeUndefined();
    expect(s3SignatureFault(PRESIGNED, LOGIN, NOW_MS + 86_400_000)).toBe('AccessDenied');
  });
});
