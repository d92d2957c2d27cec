import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hash } from '@node-rs/argon2';
import { newId } from '#libs/kernel';
import { type Tenant, TestRing } from '#libs/testing';
import { type Credentials, cookieOf, withPassword } from './sign-ins.ts';
import { withoutRequest } from './world.ts';

interface SignedIn {
  accessToken: string;
  expiresIn: number;
  code: string;
}

describe('sign-in', () => {
  let ring: TestRing;
  let tenant: Tenant;
  let owner: Credentials;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
    owner = await withPassword(ring, tenant);
  });
  afterAll(() => ring.dispose());

  const login = (body: object, headers: Record<string, string> = {}) =>
    ring.client().post<SignedIn>('/v1/auth/login', body, headers);
  const organizationOf = async (answer: { body: SignedIn }) =>
    (await ring.client(answer.body.accessToken).get<{ organization: { id: string } }>('/v1/me')).body
      .organization.id;

  it('gives an access token for ten minutes in the body, and the refresh token in the cookie alone', async () => {
    const answer = await login({ email: owner.email, password: owner.password });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body).sort()).toEqual(['accessToken', 'expiresIn']);
    expect(answer.body.expiresIn).toBe(600);
    expect(await organizationOf(answer)).toBe(tenant.organizationId);
    const [header = '', payload = ''] = answer.body.accessToken.split('.');
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    expect(read(header)).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) });
    const claims = read(payload);
    expect(claims).toEqual({
      iss: 'headgate',
      aud: 'headgate',
      sub: owner.userId,
      org: tenant.organizationId,
      sid: expect.any(String),
      av: 1,
      iat: expect.any(Number),
      exp: claims.iat + 600,
      jti: expect.any(String),
    });
    expect(answer.headers.get('set-cookie')).toBe(
      `hg-refresh=${cookieOf(answer)}; HttpOnly; SameSite=Strict; Path=/; Max-Age=7776000`,
    );
    expect(cookieOf(answer)).toMatch(/^hgr_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$/);
  });

  it('answers the same whether the password, the user or the organization is wrong', async () => {
    const stranger = await ring.tenant();
    const homeless = newId();
    await ring.rows(
      `insert into app_user (id, email, password_hash) select $1, $2, password_hash from app_user where id = $3`,
      [homeless, `${homeless}@example.com`, owner.userId],
    );
    const answers = await Promise.all([
      login({ email: owner.email, password: 'not the password' }),
      login({ email: owner.email, password: '' }),
      login({ email: 'nobody@example.com', password: owner.password }),
      login({ email: '', password: owner.password }),
      login({ email: `${homeless}@example.com`, password: owner.password }),
      login({ email: owner.email, password: owner.password, organizationId: stranger.organizationId }),
      login({ email: owner.email, password: owner.password, organizationId: newId() }),
    ]);
    for (const answer of answers) {
      expect([answer.status, answer.body.code]).toEqual([401, 'auth.failed']);
      expect(answer.headers.get('set-cookie')).toBeNull();
      expect(withoutRequest(answer.body)).toEqual(withoutRequest(answers[0]?.body));
    }
  });

  it('does not mind the case of an e-mail address, nor spaces around it', async () => {
    const { status } = await login({ email: `  ${owner.email.toUpperCase()} `, password: owner.password });
    expect(status).toBe(200);
  });

  it('goes to the organization that is named, else to the one that was joined first', async () => {
    const second = await ring.tenant();
    await ring.rows('insert into membership (org_id, user_id) values ($1, $2)', [
      second.organizationId,
      owner.userId,
    ]);
    await ring.rows(
      `insert into binding (org_id, id, subject_kind, subject_id, role, scope_kind, scope_id)
       values ($1, $2, 'user', $3, 'runner', 'organization', $1)`,
      [second.organizationId, newId(), owner.userId],
    );
    const { email, password } = owner;
    expect(await organizationOf(await login({ email, password }))).toBe(tenant.organizationId);
    const named = await login({ email, password, organizationId: second.organizationId });
    expect(await organizationOf(named)).toBe(second.organizationId);
    const { body } = await ring.client(named.body.accessToken).get<{ roles: string[] }>('/v1/me');
    expect(body.roles).toEqual(['runner']);
  });

  it('makes the hash anew where it was made with other parameters', async () => {
    const late = await ring.tenant();
    const { email, password } = await withPassword(ring, late);
    const stored = async () =>
      (
        await ring.rows<{ hash: string }>('select password_hash as hash from app_user where id = $1', [
          late.userId,
        ])
      )[0]?.hash;
    await ring.rows('update app_user set password_hash = $2 where id = $1', [
      late.userId,
      await hash(password, { memoryCost: 8_192, timeCost: 1, parallelism: 1 }),
    ]);
    expect((await login({ email, password: 'not the password' })).status).toBe(401);
    expect(await stored()).toMatch(/m=8192,t=1,p=1/);
    expect((await login({ email, password })).status).toBe(200);
    expect(await stored()).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect((await login({ email, password })).status).toBe(200);
  });

  it('takes no more than it asks for, and no Idempotency-Key counts', async () => {
    const { email, password } = owner;
    for (const body of [{ email }, { email, password, role: 'owner' }, { email: 1, password }, []]) {
      const { status, body: problem } = await login(body);
      expect([status, problem.code]).toEqual([400, 'request.invalid']);
    }
    const headers = { 'idempotency-key': 'once' };
    const first = await login({ email, password }, headers);
    const second = await login({ email, password }, headers);
    expect(second.headers.get('idempotency-replayed')).toBeNull();
    expect(cookieOf(second)).not.toBe(cookieOf(first));
  });
});
