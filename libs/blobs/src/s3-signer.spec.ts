import { describe, expect, it } from '@jest/globals';
import { contentHash } from '#libs/crypto';
import { S3Signer } from './s3-signer.ts';

// the examples of S3's own documentation
const LOGIN = {
  region: 'us-east-1',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const signer = new S3Signer(LOGIN);
const GET = {
  method: 'GET',
  host: 'examplebucket.s3.amazonaws.com',
  path: '/test.txt',
  at: new Date('2013-05-24T00:00:00.900Z'),
} as const;
const PUT = { ...GET, method: 'PUT', path: '/test%24file.text' } as const;

describe("a request's signature", () => {
  it.each([
    [
      'a GET',
      GET,
      '',
      { range: 'bytes=0-9' },
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'a PUT',
      PUT,
      'Welcome to Amazon S3.',
      { 'x-amz-storage-class': 'REDUCED_REDUNDANCY', date: 'Fri, 24 May 2013 00:00:00 GMT' },
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
  ])('is the documented one of %s', (_what, request, body, given, signature) => {
    const headers = signer.signHeaders(request, contentHash(body), given);
    expect(headers).toMatchObject({ ...given, 'x-amz-date': '20130524T000000Z' });
    expect(headers['authorization']).toContain(`Signature=${signature}`);
  });

  it('is the documented one in a URL', () => {
    const { query, signatureOf } = signer.presign(GET, 86_400);
    expect(query).toBe(
      'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host',
    );
    expect(signatureOf(GET.path)).toBe('aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404');
  });

  it("is made with the day's own key, also where midnight is passed meanwhile", () => {
    const today = signer.presign(GET, 60);
    const before = today.signatureOf(GET.path);
    const atMidnight = { ...GET, at: new Date('2013-05-25T00:00:00Z') };
    const tomorrow = signer.presign(atMidnight, 60);
    expect(tomorrow.query).toContain('%2F20130525%2F');
    const fresh = new S3Signer(LOGIN).presign(atMidnight, 60);
    expect(tomorrow.signatureOf(GET.path)).toBe(fresh.signatureOf(GET.path));
    expect(today.signatureOf(GET.path)).toBe(before);
  });
});
