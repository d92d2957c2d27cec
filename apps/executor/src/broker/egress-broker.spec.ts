import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { EgressAllow } from '#libs/config';
import { brokered } from '../../../../libs/testing/src/brokered.ts';
import { StubOrigin } from '../../../../libs/testing/src/stub-origin.ts';
import { until } from '../../../../libs/testing/src/until.ts';
import { secretStandIn } from '../runner-protocol.ts';
import { AddressGuard } from './address-guard.ts';
import { EgressBroker } from './egress-broker.ts';

const secret = (...allowedHosts: string[]) => [{ name: 'KEY', value: 'sk-secret-1', allowedHosts }];
const bearer: [string, string] = ['Authorization', `Bearer ${secretStandIn('KEY')}`];

let origin: StubOrigin;
let broker: EgressBroker;
beforeAll(async () => {
  origin = await StubOrigin.start((response) => response.end());
  broker = new EgressBroker(new AddressGuard(EgressAllow.parse('127.0.0.1')));
});
afterEach(() => {
  origin.requests.length = 0;
  origin.aborted = 0;
});
afterAll(async () => {
  broker.close();
  await origin.stop();
});

describe('a request through the broker', () => {
  it.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])(
    'arrives as it was, with %s',
    async (method) => {
      origin.answer = (response) => response.writeHead(201, { 'x-a': '1' }).end('done');
      const body = Buffer.from([0, 255, 10]);
      const answer = await brokered(broker, {
        url: `${origin.url}/path?q=1#part`,
        method,
        headers: [
          ['content-type', 'application/x'],
          ['x-twice', '1'],
          ['x-twice', '2'],
        ],
        base64: body.toString('base64'),
      });
      expect(answer).toMatchObject({ status: 201, body: 'done', error: undefined });
      expect(answer.headers).toContainEqual(['x-a', '1']);
      const [asked] = origin.requests;
      expect(asked).toMatchObject({ method, path: '/path?q=1', body });
      expect(asked?.headers).toMatchObject({
        'content-type': 'application/x',
        'x-twice': '1, 2',
        'content-length': '3',
      });
    },
  );

  it('says itself to whom it goes, how long it is and what it can read, whatever the flow says', async () => {
    origin.answer = (response) => response.end();
    const given = [
      'Host',
      'Connection',
      'Content-Length',
      'Accept-Encoding',
      'Proxy-Authorization',
      'Upgrade',
      'TE',
      'Trailer',
    ];
    await brokered(broker, { url: origin.url, headers: given.map((name) => [name, 'forged']) });
    expect(origin.requests[0]?.headers).toEqual({
      host: `127.0.0.1:${origin.port}`,
      connection: 'keep-alive',
      'accept-encoding': 'gzip, deflate, br',
    });
  });

  it('carries no tunnel', async () => {
    const answer = await brokered(broker, { url: origin.url, method: 'CONNECT' });
    expect(answer.status).toBeUndefined();
    expect(answer.error).toMatch(/^The request failed/);
  });

  it('is refused with its reason where the guard does not let it out, and the run hears of it', async () => {
    const { error, refusals, parts } = await brokered(broker, { url: 'https://10.0.0.1/' });
    expect(error).toBe('The request to 10.0.0.1 was refused: its address is not a public one.');
    expect(refusals).toEqual(['10.0.0.1: its address is not a public one']);
    expect(parts).toHaveLength(1);
  });

  it('ends at the origin when its signal does, without an answer', async () => {
    origin.answer = (response) => response.write('the beginning');
    const stop = new AbortController();
    const answered = brokered(broker, { url: origin.url }, [], stop.signal);
    await until('the request arrived', () => origin.requests.length === 1);
    stop.abort();
    expect((await answered).error).toBeUndefined();
    await until('the origin sees it', () => origin.aborted === 1);
  });

  it('fails with a code and no more where nobody answers', async () => {
    const other = await StubOrigin.start(() => undefined);
    const { url } = other;
    await other.stop();
    expect((await brokered(broker, { url })).error).toBe('The request failed: ECONNREFUSED.');
    expect((await brokered(broker, { url: 'nonsense' })).error).toBe('The request failed: ERR_INVALID_URL.');
  });
});

describe('a secret in a request', () => {
  it('is put in, and taken out of the answer wherever the origin repeats it', async () => {
    origin.answer = (response, { headers }) => {
      const given = String(headers.authorization);
      response.writeHead(200, { 'x-echo': given });
      response.write(given.slice(0, -3));
      setImmediate(() =>
        response.end(`${given.slice(-3)}, ${Buffer.from('sk-secret-1').toString('base64')} é`),
      );
    };
    const answer = await brokered(broker, { url: origin.url, headers: [bearer] }, secret('127.0.0.1'));
    expect(origin.requests[0]?.headers.authorization).toBe('Bearer sk-secret-1');
    expect(answer.headers).toContainEqual(['x-echo', 'Bearer [secret:KEY]']);
    expect(answer.body).toBe('Bearer [secret:KEY], [secret:KEY] é');
  });

  it('takes nothing from an answer that ends like its beginning', async () => {
    origin.answer = (response) => response.end('it begins with sk-secret-');
    const answer = await brokered(broker, { url: origin.url }, secret('127.0.0.1'));
    expect(answer.body).toBe('it begins with sk-secret-');
  });

  it('does not leave for a host that it does not allow, and nothing else leaves with it', async () => {
    const answer = await brokered(broker, { url: origin.url, headers: [bearer] }, secret('api.test'));
    expect(answer.error).toBe(
      "The secret KEY may not be sent to 127.0.0.1: add it to the secret's allowedHosts.",
    );
    expect(origin.requests).toEqual([]);
  });
});
