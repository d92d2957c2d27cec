import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashToken, mintToken, readToken } from '#libs/crypto';
import { newId } from '#libs/kernel';
import { type Tenant, TestRing, until } from '#libs/testing';
import { CELL_KEYS, type GatewayKeys } from '../../../apps/gateway/src/gateway.keys.ts';
import { poolsOf } from './pools.ts';
import { type Listed, makeWorld, type World } from './world.ts';

interface Key {
  id: string;
  token?: string;
  lastFour: string;
  scopes: string[];
  deploymentIds: string[];
  expiresAt: string | null;
  revokedAt: string | null;
  lastUsedAt: string | null;
  code: string;
}

describe('keys', () => {
  let ring: TestRing;
  let tenant: Tenant;
  let world: World;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
    world = await makeWorld(tenant);
  });
  afterAll(() => ring.dispose());

  const create = (more: object = {}) =>
    tenant.api.post<Key>('/v1/keys', {
      name: 'a key',
      kind: 'flow',
      deploymentIds: [world.deploymentId],
      ...more,
    });
  const made = async (more: object = {}) => {
    const { body } = await create(more);
    return { ...body, token: body.token ?? '' };
  };
  const answerTo = async (token: string) => {
    const { status, body } = await ring.client(token).get<{ code: string }>('/v1/runs');
    return [status, body.code];
  };

  it('have the form of a flow key, and their secret is kept nowhere', async () => {
    const { status, body } = await create({ name: 'first' });
    expect(status).toBe(201);
    const token = body.token ?? '';
    expect(token).toMatch(/^hgf_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
    expect(body).toMatchObject({
      lastFour: token.slice(-4),
      scopes: ['run:create', 'run:read', 'run:cancel'],
      deploymentIds: [world.deploymentId],
      expiresAt: null,
      revokedAt: null,
      lastUsedAt: null,
    });
    const [row] = await ring.rows<{ hash: Buffer; publicId: string }>(
      'select hash, public_id as "publicId" from api_key where id = $1',
      [body.id],
    );
    const { pepper } = ring.standalone.gateway.get<GatewayKeys>(CELL_KEYS);
    expect(row?.hash.equals(hashToken(pepper, token))).toBe(true);
    expect(row?.publicId).toBe(readToken(token)?.publicId);
    const secret = token.slice(17, 60);
    for (const table of ['api_key', 'audit_entry', 'idempotency'])
      expect(await ring.rows(`select from ${table} t where t::text like $1`, [`%${secret}%`])).toEqual([]);
  });

  it('are shown once: neither a list nor the key itself has the token', async () => {
    const key = await made();
    const one = await tenant.api.get<Key>(`/v1/keys/${key.id}`);
    const list = await tenant.api.get<Listed<Key>>('/v1/keys?limit=200');
    expect(list.body.data.find(({ id }) => id === key.id)).toEqual(one.body);
    expect(one.body.token).toBeUndefined();
    for (const { body } of [one, list]) expect(JSON.stringify(body)).not.toMatch(/hgf_|"hash"|publicId/);
  });

  it('are taken as a bearer and as x-api-key, and x-api-key counts where both are sent', async () => {
    const { token } = await made();
    const anyone = ring.client();
    const status = async (headers: Record<string, string>) => (await anyone.get('/v1/runs', headers)).status;
    expect(await status({ authorization: `Bearer ${token}` })).toBe(200);
    expect(await status({ 'x-api-key': token })).toBe(200);
    expect(await status({ 'x-api-key': token, authorization: 'Bearer nonsense' })).toBe(200);
    expect(await status({ 'x-api-key': 'nonsense', authorization: `Bearer ${token}` })).toBe(401);
    expect((await anyone.get(`/v1/runs?api_key=${token}`)).body.code).toBe('auth.required');
  });

  it('that are malformed cost no query', async () => {
    const { id, token } = await made();
    expect((await answerTo(token))[0]).toBe(200);
    // the note of that use is a query of its own
    await until(
      'the use is noted',
      async () => (await tenant.api.get<Key>(`/v1/keys/${id}`)).body.lastUsedAt !== null,
    );
    const pools = poolsOf(ring);
    expect(pools).toHaveLength(2);
    let taken = 0;
    const count = () => {
      taken += 1;
    };
    for (const pool of pools) pool.on('acquire', count);
    try {
      const last = token.endsWith('0') ? '1' : '0';
      const other = mintToken('refresh').text;
      for (const text of [
        'x',
        token.slice(1),
        token.slice(0, -1) + last,
        `${token}0`,
        other,
        'hgf__',
        'hgf_',
      ])
        expect(await answerTo(text)).toEqual([401, 'key.malformed']);
      expect(taken).toBe(0);
      expect(await answerTo(mintToken('flow').text)).toEqual([401, 'key.invalid']);
      expect(taken).toBe(1);
    } finally {
      for (const pool of pools) pool.off('acquire', count);
    }
  });

  it('with an unknown id and with a wrong secret are answered alike', async () => {
    const { token } = await made();
    const wrong = mintToken('flow', readToken(token)?.publicId).text;
    expect(await answerTo(wrong)).toEqual([401, 'key.invalid']);
    expect(await answerTo(mintToken('flow').text)).toEqual([401, 'key.invalid']);
    expect((await answerTo(token))[0]).toBe(200);
  });

  it('die at once when they are revoked, also those that were just used, and stay in the list', async () => {
    const key = await made();
    expect((await answerTo(key.token))[0]).toBe(200);
    const revoked = await tenant.api.delete<Key>(`/v1/keys/${key.id}`);
    expect([revoked.status, revoked.body.revokedAt]).toEqual([200, expect.any(String)]);
    await until('the key is refused', async () => (await answerTo(key.token))[0] === 401, 1_000);
    expect(await answerTo(key.token)).toEqual([401, 'key.revoked']);
    const again = await tenant.api.delete<Key>(`/v1/keys/${key.id}`);
    expect(again.body.revokedAt).toBe(revoked.body.revokedAt);
    expect((await tenant.api.get<Key>(`/v1/keys/${key.id}`)).body.revokedAt).toBe(revoked.body.revokedAt);
  });

  it('end when they expire, also between two uses', async () => {
    const past = await made({ expiresAt: new Date(Date.now() - 1_000).toISOString() });
    expect(await answerTo(past.token)).toEqual([401, 'key.expired']);
    const soon = await made({ expiresAt: new Date(Date.now() + 1_000).toISOString() });
    expect((await answerTo(soon.token))[0]).toBe(200);
    await until('the key is refused', async () => (await answerTo(soon.token))[0] === 401, 3_000);
    expect(await answerTo(soon.token)).toEqual([401, 'key.expired']);
  });

  it('say revoked rather than expired where they are both', async () => {
    const key = await made({ expiresAt: new Date(Date.now() - 1_000).toISOString() });
    await tenant.api.delete(`/v1/keys/${key.id}`);
    await until('it is known', async () => (await answerTo(key.token))[1] === 'key.revoked', 1_000);
  });

  it('remember when they were last used, at most once a minute', async () => {
    const key = await made();
    const lastUsed = async () => (await tenant.api.get<Key>(`/v1/keys/${key.id}`)).body.lastUsedAt;
    await answerTo(key.token);
    const first = await until('the use is noted', async () => (await lastUsed()) ?? undefined);
    await answerTo(key.token);
    await tenant.api.get('/v1/keys');
    expect(await lastUsed()).toBe(first);
  });

  it('are made for deployments of the organization and for scopes that there are', async () => {
    for (const more of [
      { deploymentIds: [] },
      { deploymentIds: ['x'] },
      { scopes: [] },
      { scopes: ['key:write'] },
      { kind: 'personal' },
      { expiresAt: 'tomorrow' },
      { expiresAt: '2030-01-01T00:00:00+02:00' },
    ])
      expect([more, (await create(more)).status]).toEqual([more, 400]);
    const unknown = await create({ deploymentIds: [world.deploymentId, newId()] });
    expect([unknown.status, unknown.body.code]).toEqual([404, 'resource.not_found']);
    const doubled = await made({
      deploymentIds: [world.deploymentId, world.deploymentId],
      scopes: ['run:read', 'run:read'],
    });
    expect([doubled.deploymentIds, doubled.scopes]).toEqual([[world.deploymentId], ['run:read']]);
  });
});
