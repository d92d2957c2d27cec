import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mintToken } from '#libs/crypto';
import { newId } from '#libs/kernel';
import { type Tenant, TestRing } from '#libs/testing';
import { TokenIssuer } from '../../../apps/gateway/src/signin/token-issuer.ts';
import { cookieOf, refresh } from './sign-ins.ts';

describe('refreshing a sign-in', () => {
  let ring: TestRing;
  let tenant: Tenant;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
  });
  afterAll(() => ring.dispose());

  /** A sign-in's first refresh token. */
  const begin = async () => {
    const user = await ring.standalone.doors.findUser(tenant.userId);
    if (!user) throw new Error('the tenant has its owner');
    const { refreshToken = '' } = await ring.standalone.gateway
      .get(TokenIssuer)
      .begin(user, tenant.organizationId);
    return refreshToken;
  };
  const renew = (token: string | undefined, body?: object) => refresh(ring.client(), token, body);
  const rotate = async (token: string) => cookieOf(await renew(token)) ?? '';
  const logout = (token?: string) =>
    ring.client().post('/v1/auth/logout', {}, token === undefined ? {} : { cookie: `hg-refresh=${token}` });
  const publicIdOf = (token: string) => token.split('_')[1];
  const setFamily = (token: string, columns: string) =>
    ring.rows(`update refresh_family set ${columns} where public_id = $1`, [publicIdOf(token)]);
  const replays = async () =>
    (
      await ring.rows(`select from audit_entry where org_id = $1 and entry->>'act' = 'sign-in.replayed'`, [
        tenant.organizationId,
      ])
    ).length;

  it('gives an access token and the next refresh token, with the attributes of the first', async () => {
    const first = await begin();
    const answer = await renew(first);
    expect(answer.status).toBe(200);
    expect((await ring.client(answer.body.accessToken).get('/v1/me')).status).toBe(200);
    const next = cookieOf(answer);
    expect(next).not.toBe(first);
    expect(answer.headers.get('set-cookie')).toBe(
      `hg-refresh=${next}; HttpOnly; SameSite=Strict; Path=/; Max-Age=7776000`,
    );
    expect((await renew(next)).status).toBe(200);
  });

  it('gives the one just before an access token and no cookie, and the sign-in goes on', async () => {
    const first = await begin();
    const second = await rotate(first);
    const late = await renew(first);
    expect([late.status, late.headers.get('set-cookie')]).toEqual([200, null]);
    expect((await ring.client(late.body.accessToken).get('/v1/me')).status).toBe(200);
    expect((await renew(second)).status).toBe(200);
  });

  it('ends the family when the one before comes after ten seconds, and writes it down', async () => {
    const first = await begin();
    const second = await rotate(first);
    await setFamily(first, `rotated_at = now() - interval '11 seconds'`);
    const before = await replays();
    const replay = await renew(first);
    expect([replay.status, replay.body.code]).toEqual([401, 'auth.refresh_invalid']);
    expect(await replays()).toBe(before + 1);
    expect((await renew(second)).status).toBe(401);
    expect(await replays()).toBe(before + 1);
  });

  it('ends the family when an older one comes, however soon', async () => {
    const first = await begin();
    const third = await rotate(await rotate(first));
    expect((await renew(first)).status).toBe(401);
    expect((await renew(third)).status).toBe(401);
  });

  it('gives one of many who come at once the next token, and all of them access', async () => {
    const first = await begin();
    const answers = await Promise.all(Array.from({ length: 10 }, () => renew(first)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    const cookies = answers.map(cookieOf).filter((cookie) => cookie !== undefined);
    expect(cookies).toHaveLength(1);
    expect((await renew(cookies[0])).status).toBe(200);
  });

  it('refuses what is no refresh token of ours with one answer', async () => {
    for (const token of [undefined, '', 'nonsense', mintToken('refresh').text, mintToken('flow').text]) {
      const { status, body, headers } = await renew(token);
      expect([status, body.code, headers.get('set-cookie')]).toEqual([401, 'auth.refresh_invalid', null]);
    }
    expect((await renew(await begin(), { token: 'x' })).status).toBe(400);
  });

  it('does not outlive its idle time, nor its absolute one, and idle time begins anew', async () => {
    const idle = await begin();
    await setFamily(idle, `idle_expires_at = now() - interval '1 second'`);
    expect((await renew(idle)).status).toBe(401);
    const old = await begin();
    await setFamily(old, `expires_at = now() - interval '1 second'`);
    expect((await renew(old)).status).toBe(401);
    const used = await begin();
    await setFamily(used, `idle_expires_at = now() + interval '1 minute'`);
    await rotate(used);
    const [family] = await ring.rows<{ days: number }>(
      `select extract(day from idle_expires_at - now())::int as days from refresh_family where public_id = $1`,
      [publicIdOf(used)],
    );
    expect(family?.days).toBe(29);
  });

  it('goes to another organization that is named, and stays there', async () => {
    const second = await ring.tenant();
    const stranger = await ring.tenant();
    const { userId } = tenant;
    await ring.rows('insert into membership (org_id, user_id) values ($1, $2)', [
      second.organizationId,
      userId,
    ]);
    await ring.rows(
      `insert into binding (org_id, id, subject_kind, subject_id, role, scope_kind, scope_id)
       values ($1, $2, 'user', $3, 'runner', 'organization', $1)`,
      [second.organizationId, newId(), userId],
    );
    const first = await begin();
    const denied = await renew(first, { organizationId: stranger.organizationId });
    expect([denied.status, denied.body.code]).toEqual([401, 'auth.refresh_invalid']);
    const moved = await renew(first, { organizationId: second.organizationId });
    const orgOf = (answer: typeof moved) =>
      JSON.parse(Buffer.from(answer.body.accessToken.split('.')[1] ?? '', 'base64url').toString('utf8')).org;
    expect(orgOf(moved)).toBe(second.organizationId);
    expect(orgOf(await renew(cookieOf(moved)))).toBe(second.organizationId);
  });

  it('ends with sign-out, which may come twice or without a cookie, and clears the cookie', async () => {
    const first = await begin();
    const answer = await logout(first);
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([
      204,
      'hg-refresh=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0',
    ]);
    expect((await renew(first)).status).toBe(401);
    expect((await logout(first)).status).toBe(204);
    expect((await logout()).status).toBe(204);
    expect((await logout('nonsense')).status).toBe(204);
  });

  it('keeps to these rules in whatever order tokens are used', async () => {
    const step = fc.record({ age: fc.nat({ max: 3 }), isLogout: fc.boolean() }).map((one) => ({
      ...one,
      // signing out is the rarer wish
      isLogout: one.isLogout && one.age === 0,
    }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        const tokens = [await begin()];
        let isAlive = true;
        for (const { age, isLogout } of steps) {
          const token = tokens[tokens.length - 1 - age] ?? tokens[0] ?? '';
          const position = tokens.length - 1 - tokens.indexOf(token);
          if (isLogout) {
            await logout(token);
            isAlive = false;
            continue;
          }
          const answer = await renew(token);
          const next = cookieOf(answer);
          const isRight = isAlive && position <= 1;
          expect([answer.status, next !== undefined]).toEqual([
            isRight ? 200 : 401,
            isRight && position === 0,
          ]);
          if (next !== undefined) tokens.push(next);
          if (position > 1) isAlive = false;
        }
      }),
      { numRuns: 25 },
    );
  });
});
