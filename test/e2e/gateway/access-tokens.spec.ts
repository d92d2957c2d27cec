import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { ControlChanged } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { type Tenant, TestRing, until } from '#libs/testing';
import { CELL_KEYS, type GatewayKeys } from '../../../apps/gateway/src/gateway.keys.ts';

interface Forged {
  header?: object;
  claims?: object;
  options?: jwt.SignOptions;
  key?: KeyObject;
}

describe('an access token', () => {
  let ring: TestRing;
  let tenant: Tenant;
  let keys: GatewayKeys;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
    keys = ring.standalone.gateway.get<GatewayKeys>(CELL_KEYS);
  });
  afterAll(() => ring.dispose());

  const claims = () => ({ sub: tenant.userId, org: tenant.organizationId, sid: newId(), av: 1 });
  /** What we would have made ourselves, but for what a test changes. */
  const token = ({ header = {}, claims: other = {}, options = {}, key }: Forged = {}) =>
    jwt.sign({ ...claims(), ...other }, key ?? keys.jwt.privateKey, {
      algorithm: 'ES256',
      header: { alg: 'ES256', typ: 'at+jwt', kid: keys.jwt.kid, ...header },
      issuer: 'headgate',
      audience: 'headgate',
      expiresIn: 600,
      jwtid: newId(),
      ...options,
    });
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const answerTo = async (text: string) => {
    const { status, body } = await ring.client(text).get<{ code: string }>('/v1/projects');
    return [status, body.code];
  };

  it('of our own making is taken, so that each of the others is refused for what it changes', async () => {
    expect((await ring.client(token()).get('/v1/projects')).status).toBe(200);
  });

  it('is refused with another algorithm', async () => {
    const [, payload] = token().split('.');
    const header = { typ: 'at+jwt', kid: keys.jwt.kid };
    const pem = keys.jwt.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    const hs256 = jwt.sign({ ...claims() }, Buffer.from(pem), {
      algorithm: 'HS256',
      header: { alg: 'HS256', ...header },
      issuer: 'headgate',
      audience: 'headgate',
      expiresIn: 600,
    });
    for (const text of [
      `${part({ ...header, alg: 'none' })}.${payload}.`,
      `${part({ ...header, alg: 'None' })}.${payload}.`,
      `${part(header)}.${payload}.`,
      hs256,
      token({ header: { alg: 'ES384' }, options: { algorithm: 'ES384' }, key: privateKey }),
    ])
      expect(await answerTo(text)).toEqual([401, 'token.invalid']);
  });

  it.each<[string, Forged]>([
    ['another key id', { header: { kid: 'other' } }],
    ['no key id', { header: { kid: undefined } }],
    ['the type of any JWT', { header: { typ: 'JWT' } }],
    ['no type', { header: { typ: undefined } }],
    ['the type in other letters', { header: { typ: 'AT+JWT' } }],
    ['another issuer', { options: { issuer: 'someone' } }],
    ['another audience', { options: { audience: 'someone' } }],
    ['a time before which it does not count', { options: { notBefore: 60 } }],
    ['a stranger as its user', { claims: { sub: newId() } }],
    ['an organization that the user does not belong to', { claims: { org: newId() } }],
    ['an older authorization version', { claims: { av: 0 } }],
    ['no authorization version', { claims: { av: undefined } }],
    ['a newer authorization version', { claims: { av: 2 } }],
  ])('is refused with %s', async (_what, forged) => {
    expect(await answerTo(token(forged))).toEqual([401, 'token.invalid']);
  });

  it('is refused when another key signed it under our key id, and when it was changed', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(await answerTo(token({ key: privateKey }))).toEqual([401, 'token.invalid']);
    const [header, payload = '', signature] = token().split('.');
    const read = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    const changed = part({ ...read, exp: read.exp + 1 });
    expect(await answerTo(`${header}.${changed}.${signature}`)).toEqual([401, 'token.invalid']);
    for (const text of ['.', 'a.b', 'a.b.c', `${header}.${payload}`, `${header}.${payload}.`, '....'])
      expect(await answerTo(text)).toEqual([401, 'token.invalid']);
  });

  it('is refused with its own code when it has expired', async () => {
    expect(await answerTo(token({ options: { expiresIn: -1 } }))).toEqual([401, 'token.expired']);
  });

  it('is taken as a bearer alone', async () => {
    const text = token();
    const anyone = ring.client();
    const codeOf = async (headers: Record<string, string>) =>
      (await anyone.get<{ code?: string }>('/v1/projects', headers)).body.code;
    expect(await codeOf({ authorization: `bearer ${text}` })).toBeUndefined();
    expect(await codeOf({ authorization: text })).toBe('auth.required');
    expect(await codeOf({ authorization: `Basic ${text}` })).toBe('auth.required');
    expect(await codeOf({ 'x-api-key': text })).toBe('key.malformed');
    expect(await codeOf({ cookie: `hg-refresh=${text}` })).toBe('auth.required');
    expect((await anyone.get(`/v1/projects?access_token=${text}`)).status).toBe(401);
  });

  it('dies with the authorization version, at once where the change is announced', async () => {
    const other = await ring.tenant();
    expect((await other.api.get('/v1/projects')).status).toBe(200);
    await ring.rows('update app_user set authorization_version = 2 where id = $1', [other.userId]);
    const { organizationId } = other;
    const changed = ControlChanged.encode(organizationId, {
      organizationId,
      what: 'binding',
      id: other.userId,
    });
    await ring.standalone.bus.publish([changed]);
    const refused = await until(
      'the token is refused',
      async () => {
        const answer = await other.api.get('/v1/projects');
        return answer.status !== 200 && answer;
      },
      1_000,
    );
    expect([refused.status, refused.body.code]).toEqual([401, 'token.invalid']);
  });

  it('gives a member nothing for a role that there is not', async () => {
    const { status, body } = await (await tenant.member('emperor')).get('/v1/me');
    expect([status, body.code]).toEqual([403, 'permission.denied']);
  });
});
