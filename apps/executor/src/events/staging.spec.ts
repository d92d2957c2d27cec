import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { contentHash } from '#libs/crypto';
import { StubOrigin } from '../../../../libs/testing/src/stub-origin.ts';
import { BlobUnavailable } from '../blobs/granted-blobs.ts';
import { LimitExceeded, Staging } from './staging.ts';

describe('the staging of an attempt', () => {
  let store: StubOrigin;
  beforeAll(async () => {
    store = await StubOrigin.start((response) => response.end());
  });
  afterEach(() => {
    store.requests.length = 0;
  });
  afterAll(() => store.stop());

  const staging = (maxBytes = 100, stateBytes = maxBytes, signal = new AbortController().signal) =>
    new Staging({ url: `${store.url}/staging/r1/1/{i}?sig=x`, maxBytes, stateBytes }, signal);

  it('takes each content under the next number, once', async () => {
    const place = staging();
    const one = await place.upload(Buffer.from('one'), 'output');
    const two = await place.upload(Buffer.from('two'), 'output');
    expect(one).toEqual({ i: 0, hash: contentHash('one'), size: 3 });
    expect(two).toEqual({ i: 1, hash: contentHash('two'), size: 3 });
    expect(await place.upload(Buffer.from('one'), 'output')).toEqual(one);
    expect(store.requests.map(({ method, path, body }) => [method, path, body.toString()])).toEqual([
      ['PUT', '/staging/r1/1/0?sig=x', 'one'],
      ['PUT', '/staging/r1/1/1?sig=x', 'two'],
    ]);
  });

  it('takes as many bytes in all as were granted, and no content that goes over them', async () => {
    const place = staging(6);
    await place.upload(Buffer.from('one'), 'output');
    await place.upload(Buffer.from('two'), 'output');
    await place.upload(Buffer.from('one'), 'output');
    await expect(place.upload(Buffer.from('x'), 'output')).rejects.toThrow(LimitExceeded);
    expect(store.requests).toHaveLength(2);
  });

  it('counts what nodes leave apart from what the run puts out, and each against its own limit', async () => {
    const place = staging(6, 12);
    for (const state of ['node-1', 'seal-1']) await place.upload(Buffer.from(state), 'state');
    await place.upload(Buffer.from('output'), 'output');
    await expect(place.upload(Buffer.from('x'), 'state')).rejects.toThrow('may hold 12 bytes in all');
    await expect(place.upload(Buffer.from('y'), 'output')).rejects.toThrow('may hold 6 bytes in all');
    expect(store.requests).toHaveLength(3);
  });

  it('takes no single value that is larger than was granted', async () => {
    await expect(staging(6, 100).upload(Buffer.from('1234567'), 'state')).rejects.toThrow(LimitExceeded);
    expect(store.requests).toEqual([]);
  });

  it('takes as many values as it has signatures, each with its own', async () => {
    const grant = {
      url: `${store.url}/{i}?sig={signature}`,
      signatures: ['a', 'b'],
      maxBytes: 9,
      stateBytes: 9,
    };
    const place = new Staging(grant, new AbortController().signal);
    for (const value of ['x', 'y', 'x']) await place.upload(Buffer.from(value), 'output');
    await expect(place.upload(Buffer.from('z'), 'output')).rejects.toThrow('may put out 2 large values');
    await expect(place.upload(Buffer.from('z'), 'state')).rejects.toBeInstanceOf(LimitExceeded);
    expect(store.requests.map(({ path }) => path)).toEqual(['/0?sig=a', '/1?sig=b']);
  });

  it('fails where the store does not take it', async () => {
    store.answer = (response) => response.writeHead(409).end();
    await expect(staging().upload(Buffer.from('x'), 'output')).rejects.toThrow('could not be uploaded: 409');
    await expect(staging().upload(Buffer.from('x'), 'output')).rejects.toBeInstanceOf(BlobUnavailable);
  });

  it('ends with the attempt', async () => {
    const stop = new AbortController();
    store.answer = () => stop.abort(new Error('it is over'));
    const uploading = staging(100, 100, stop.signal).upload(Buffer.from('x'), 'output');
    await expect(uploading).rejects.toHaveProperty('cause.message', 'it is over');
  });
});
