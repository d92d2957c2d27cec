import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EgressAllow } from '#libs/config';
import { brokered } from '../../../../libs/testing/src/brokered.ts';
import { StubOrigin } from '../../../../libs/testing/src/stub-origin.ts';
import { until } from '../../../../libs/testing/src/until.ts';
import { AddressGuard } from './address-guard.ts';
import { EgressBroker } from './egress-broker.ts';

let origin: StubOrigin;
let broker: EgressBroker;
beforeAll(async () => {
  origin = await StubOrigin.start((response) => response.end());
  broker = new EgressBroker(new AddressGuard(EgressAllow.parse('127.0.0.1')));
});
afterAll(async () => {
  broker.close();
  await origin.stop();
});

describe('an answer through the broker', () => {
  it('has no headers of the connection, and no cookies', async () => {
    origin.answer = (response) => {
      response.writeHead(200, {
        'set-cookie': ['a=1', 'b=2'],
        'keep-alive': 'x',
        'x-many': ['1', '2'],
        trailer: 'y',
      });
      response.end('body');
    };
    const { headers } = await brokered(broker, { url: origin.url });
    expect(headers.filter(([name]) => name !== 'date')).toEqual([
      ['x-many', '1'],
      ['x-many', '2'],
    ]);
  });

  it.each<[string, (body: string) => Buffer]>([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('is unpacked from %s', async (encoding, pack) => {
    origin.answer = (response) =>
      response.writeHead(200, { 'content-encoding': encoding }).end(pack('é'.repeat(9_999)));
    const answer = await brokered(broker, { url: origin.url });
    expect(answer.body).toBe('é'.repeat(9_999));
    expect(answer.headers.map(([name]) => name)).not.toContain('content-encoding');
  });

  it('may be as large as the limit once it is unpacked, and not a byte larger', async () => {
    const small = new EgressBroker(new AddressGuard(EgressAllow.parse('127.0.0.1')), 1_000);
    const sizes = [1_000, 1_001];
    origin.answer = (response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(sizes.shift() ?? 0)));
    expect((await brokered(small, { url: origin.url })).body).toHaveLength(1_000);
    expect((await brokered(small, { url: origin.url })).error).toContain('larger than 1000 bytes');
  });

  it.each<[string, StubOrigin['answer']]>([
    [
      'is cut off',
      (response) => response.writeHead(200, { 'content-length': 10 }).write('half', () => response.destroy()),
    ],
    [
      'is cut off while it is packed',
      (response) => {
        response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': 1_000 });
        response.write(gzipSync('half').subarray(0, 12), () => response.destroy());
      },
    ],
    [
      'is not packed as it says',
      (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('plain'),
    ],
  ])('ends with an error where it %s', async (_what, answer) => {
    origin.answer = answer;
    const { error, parts } = await brokered(broker, { url: origin.url });
    expect(error).toMatch(/^The request failed/);
    expect(parts.map((part) => part.is)).not.toContain('end');
  });

  it.each(['gzip', 'deflate', 'br'])('without a body may say that it is packed with %s', async (encoding) => {
    origin.answer = (response) => response.writeHead(200, { 'content-encoding': encoding }).end();
    const answer = await brokered(broker, { url: origin.url, method: 'HEAD' });
    expect(answer).toMatchObject({ status: 200, error: undefined });
  });

  it('is read from the origin only as the runner reads it', async () => {
    const bytes = 30_000_000;
    origin.aborted = 0;
    origin.answer = (response) => response.end(Buffer.alloc(bytes));
    const stop = new AbortController();
    const release = Promise.withResolvers<void>();
    let waits = 0;
    const answered = brokered(broker, { url: origin.url }, [], stop.signal, () => {
      waits += 1;
      return waits < 3 ? Promise.resolve() : release.promise;
    });
    await until('it waits', () => waits === 3);
    stop.abort();
    await until('the origin sees that not all was read', () => origin.aborted === 1);
    release.resolve();
    await answered;
  });
});
