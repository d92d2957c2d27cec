import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { contentHash } from '#libs/crypto';
import { StubOrigin } from '../../../../libs/testing/src/stub-origin.ts';
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

  const staging = (maxBytes = 100, signal = new AbortController().signal) =>
    new Staging({ url: `${store.url}/staging/r1/1/{i}?sig=x`, maxBytes }, signal);

  it('takes each content under the next number, once', async () => {
    const place = staging();
    const one = await place.upload(Buffer.from('one'));
    const two = await place.upload(Buffer.from('two'));
    expect(one).toEqual({ i: 0, hash: contentHash('one'), size: 3 });
    expect(two).toEqual({ i: 1, hash: contentHash('two'), size: 3 });
    expect(await place.upload(Buffer.from('one'))).toEqual(one);
    expect(store.requests.map(({ method, path, body }) => [method, path, body.toString()])).toEqual([
      ['PUT', '/staging/r1/1/0?sig=x', 'one'],
      ['PUT', '/staging/r1/1/1?sig=x', 'two'],
    ]);
  });

  it('takes as many bytes in all as were granted, and no content that goes over them', async () => {
    const place = staging(6);
    await place.upload(Buffer.from('one'));
    await place.upload(Buffer.from('two'));
    await place.upload(Buffer.from('one'));
    await expect(place.upload(Buffer.from('x'))).rejects.toThrow(LimitExceeded);
    expect(store.requests).toHaveLength(2);
  });

  it('fails where the store does not take it', async () => {
    store.answer = (response) => response.writeHead(409).end();
    await expect(staging().upload(Buffer.from('x'))).rejects.toThrow('could not be uploaded: 409');
  });

  it('ends with the attempt', async () => {
    const stop = new AbortController();
    store.answer = () => stop.abort(new Error('it is over'));
    await expect(staging(100, stop.signal).upload(Buffer.from('x'))).rejects.toThrow('it is over');
  });
});
