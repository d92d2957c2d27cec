import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { EgressAllow } from '#libs/config';
import { brokered } from '../../../../libs/testing/src/brokered.ts';
import { StubOrigin } from '../../../../libs/testing/src/stub-origin.ts';
import { secretStandIn } from '../runner-protocol.ts';
import { AddressGuard } from './address-guard.ts';
import { EgressBroker } from './egress-broker.ts';

const SECRETS = [{ name: 'KEY', value: 'sk-secret-1', allowedHosts: ['127.0.0.1'] }];
const CREDENTIALS: [string, string][] = [
  ['Authorization', 'Basic mine'],
  ['Cookie', 'a=1'],
  ['X-Api-Key', 'mine'],
  ['api-key', 'mine'],
  ['x-secret', secretStandIn('KEY')],
];

describe('a redirect', () => {
  let origin: StubOrigin;
  let other: StubOrigin;
  let names: string[][];
  const broker = () =>
    new EgressBroker(
      new AddressGuard(EgressAllow.parse('127.0.0.1'), async () => names.shift() ?? ['10.0.0.1']),
    );
  beforeAll(async () => {
    origin = await StubOrigin.start((response) => response.end());
    other = await StubOrigin.start((response) => response.end('there'));
  });
  afterEach(() => {
    origin.requests.length = 0;
    other.requests.length = 0;
  });
  afterAll(() => Promise.all([origin.stop(), other.stop()]));

  const redirect = (to: string, status = 307) => {
    origin.answer = (response, { path }) =>
      path === '/' ? response.writeHead(status, { location: to }).end('moved') : response.end('here');
  };
  const post = (more: object = {}) =>
    brokered(
      broker(),
      {
        url: `${origin.url}/`,
        method: 'POST',
        headers: [['content-type', 'text/plain'], ['x-kept', '1'], ...CREDENTIALS],
        base64: Buffer.from('body').toString('base64'),
        ...more,
      },
      SECRETS,
    );

  it('is followed with everything within the origin', async () => {
    redirect('/next?x=1');
    expect(await post()).toMatchObject({ status: 200, body: 'here' });
    expect(origin.requests[1]).toMatchObject({
      method: 'POST',
      path: '/next?x=1',
      body: Buffer.from('body'),
    });
    expect(origin.requests[1]?.headers).toEqual(origin.requests[0]?.headers);
    expect(origin.requests[1]?.headers['x-secret']).toBe('sk-secret-1');
  });

  it('leads to another origin without credentials and secrets, even where the secret allows its host', async () => {
    redirect(`${other.url}/there`);
    expect(await post()).toMatchObject({ status: 200, body: 'there' });
    const headers = other.requests[0]?.headers ?? {};
    expect(headers).toMatchObject({ 'x-kept': '1', host: `127.0.0.1:${other.port}` });
    for (const [name] of CREDENTIALS) expect(headers).not.toHaveProperty(name.toLowerCase());
  });

  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [301, 'PUT', 'PUT'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
  ])('with %d makes %s a %s', async (status, method, then) => {
    redirect('/next', status);
    await post({ method });
    expect(origin.requests[1]?.method).toBe(then);
    const isKept = then === method;
    expect(origin.requests[1]?.body.toString()).toBe(isKept ? 'body' : '');
    expect('content-type' in (origin.requests[1]?.headers ?? {})).toBe(isKept);
  });

  it('is followed three times, not four', async () => {
    const left = [3, 4];
    for (const times of left) {
      origin.answer = (response, { path }) => {
        const done = Number(path.slice(1));
        if (done === times) response.end('at last');
        else response.writeHead(302, { location: `/${done + 1}` }).end();
      };
      const answer = await brokered(broker(), { url: `${origin.url}/0` });
      if (times === 3) expect(answer.body).toBe('at last');
      else expect(answer.refusals).toEqual(['127.0.0.1: it redirects more than 3 times']);
    }
    expect(origin.requests).toHaveLength(8);
  });

  it.each([
    ['https://169.254.169.254/latest/meta-data', '169.254.169.254: its address is not a public one'],
    ['http://8.8.8.8/', '8.8.8.8: only https may leave'],
    ['//me:word@127.0.0.1/', '127.0.0.1: a URL may not hold a user or password'],
    ['file:///etc/passwd', ': only http and https leave'],
  ])('to %s is refused like a request', async (to, refusal) => {
    redirect(to);
    expect((await post()).refusals).toEqual([refusal]);
  });

  it('to another name is resolved and checked as the first was', async () => {
    names = [['127.0.0.1'], ['10.0.0.1']];
    redirect(`http://inside.test:${origin.port}/next`);
    const answer = await brokered(broker(), { url: `http://flip.test:${origin.port}/` });
    expect(answer.refusals).toEqual(['inside.test: only https may leave']);
    expect(origin.requests).toHaveLength(1);
  });

  it('without a place to go to is an answer', async () => {
    origin.answer = (response) => response.writeHead(304).end();
    expect(await brokered(broker(), { url: origin.url })).toMatchObject({ status: 304, error: undefined });
    origin.answer = (response) => response.writeHead(302).end('nowhere');
    expect(await brokered(broker(), { url: origin.url })).toMatchObject({ status: 302, body: 'nowhere' });
  });
});
