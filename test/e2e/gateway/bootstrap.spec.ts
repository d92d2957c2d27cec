import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hashToken, mintToken, type TokenKind } from '#libs/crypto';
import { newId } from '#libs/kernel';
import { TestRing } from '#libs/testing';
import { CELL_KEYS, type GatewayKeys } from '../../../apps/gateway/src/gateway.keys.ts';
import { seedDemo } from '../../../apps/standalone/src/demo/seed-demo.ts';
import { cookieOf } from './sign-ins.ts';
import { withoutRequest } from './world.ts';

interface Bootstrapped {
  user: { id: string; email: string };
  organization: { id: string; name: string };
  accessToken: string;
  expiresIn: number;
}

const PASSWORD = 'correct horse battery';

describe('bootstrap', () => {
  let ring: TestRing;
  let organizationId: string;
  let pepper: Uint8Array;
  let printed: string;
  beforeAll(async () => {
    ring = await TestRing.start();
    const { gateway, tenants, doors } = ring.standalone;
    pepper = gateway.get<GatewayKeys>(CELL_KEYS).pepper;
    const demo = await seedDemo({ gateway, tenants, doors, pepper, model: undefined });
    printed = demo?.bootstrapToken ?? '';
    organizationId = (await doors.lastBootstrapOrganization()) ?? '';
  });
  afterAll(() => ring.dispose());

  const begin = (token: string, more: object = {}) =>
    ring.client().post<Bootstrapped & { code: string; errors?: { pointer: string }[] }>('/v1/bootstrap', {
      token,
      email: `${newId()}@example.com`,
      password: PASSWORD,
      organization: { name: 'Acme' },
      ...more,
    });
  const login = (email: string, password: string) =>
    ring.client().post<{ code: string }>('/v1/auth/login', { email, password });
  /** Another token for the same organization, as a later start would print it. */
  const anotherToken = async (columns: { expires?: string; voided?: string } = {}) => {
    const token = mintToken('bootstrap');
    await ring.rows(
      `insert into bootstrap_token (org_id, id, public_id, hash, expires_at, voided_at)
       values ($1, $2, $3, $4, now() + $5::interval, now() + $6::interval)`,
      [
        organizationId,
        newId(),
        token.publicId,
        hashToken(pepper, token.text),
        columns.expires ?? '1 minute',
        columns.voided ?? null,
      ],
    );
    return token.text;
  };
  const users = async () => (await ring.rows('select from app_user')).length;

  it('refuses every token but a good one with the same answer, and makes nobody', async () => {
    const known = /^hgb_([^_]+)_/.exec(printed)?.[1];
    const wrong = [
      '',
      'nonsense',
      mintToken('bootstrap').text,
      mintToken('bootstrap', known).text,
      mintToken('flow' satisfies TokenKind, known).text,
      `${printed.slice(0, -1)}${printed.endsWith('0') ? '1' : '0'}`,
      await anotherToken({ expires: '-1 second' }),
      await anotherToken({ voided: '0 seconds' }),
    ];
    const answers = await Promise.all(wrong.map((token) => begin(token)));
    for (const { status, body } of answers) {
      expect([status, body.code]).toEqual([401, 'bootstrap.invalid']);
      expect(withoutRequest(body)).toEqual(withoutRequest(answers[0]?.body));
    }
    expect(await users()).toBe(0);
  });

  it.each([
    ['eleven characters', 'x'.repeat(11)],
    ['129 characters', 'x'.repeat(129)],
    ['eleven characters that look like more', '👩🏽‍🚀'.slice(0, 7) + '👍'.repeat(5)],
    ['letters that are fewer once they are composed', 'e\u0301'.repeat(11)],
    ['a NUL', `${'x'.repeat(12)}\u0000`],
    ['half a character', `${'x'.repeat(12)}\ud83d`],
  ])('refuses a password of %s, and the token stays good', async (_what, password) => {
    const { status, body } = await begin(printed, { password });
    expect([status, body.code]).toEqual([400, 'request.invalid']);
    expect(body.errors?.map(({ pointer }) => pointer)).toEqual(['/password']);
    expect(await users()).toBe(0);
  });

  it('refuses what is no e-mail address, no name, or more than was asked for', async () => {
    for (const more of [
      { email: 'nobody' },
      { email: `${'x'.repeat(250)}@example.com` },
      { organization: { name: '' } },
      { organization: { name: 'a', id: newId() } },
      { isPlatformAdmin: true },
    ]) {
      const { status, body } = await begin(printed, more);
      expect([status, body.code]).toEqual([400, 'request.invalid']);
    }
    expect(await users()).toBe(0);
  });

  it('makes the first owner of the organization that is there, exactly once of many attempts', async () => {
    const emails = Array.from({ length: 6 }, (_, index) => `Owner-${index}@Example.com `);
    const answers = await Promise.all(emails.map((email) => begin(printed, { email })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 401, 401, 401, 401, 401]);
    const first = answers.find(({ status }) => status === 201);
    expect(first?.body).toMatchObject({
      organization: { id: organizationId, name: 'Acme' },
      user: { email: expect.stringMatching(/^owner-\d@example\.com$/) },
      expiresIn: 600,
    });
    expect(first && cookieOf(first)).toMatch(/^hgr_/);
    expect(JSON.stringify(first?.body)).not.toContain('hgr_');

    const owner = ring.client(first?.body.accessToken);
    const me = await owner.get<{ roles: string[]; organization: object }>('/v1/me');
    expect(me.body).toMatchObject({ roles: ['owner'], organization: { id: organizationId, name: 'Acme' } });
    const deployments = await owner.get<{ data: { name: string }[] }>('/v1/deployments');
    expect(deployments.body.data.map(({ name }) => name)).toEqual(['hello']);
    const admins = await ring.rows<{ id: string }>('select id from app_user where is_platform_admin');
    expect(admins.map(({ id }) => id)).toEqual([first?.body.user.id]);
    expect(await ring.rows('select from membership')).toHaveLength(1);
  });

  it('is not possible again with the same token', async () => {
    const before = await users();
    const { status, body } = await begin(printed);
    expect([status, body.code]).toEqual([401, 'bootstrap.invalid']);
    expect(await users()).toBe(before);
  });

  it('can be repeated where an earlier one failed half-way and left the user behind', async () => {
    const id = newId();
    await ring.rows(`insert into app_user (id, email, password_hash) values ($1, 'half@example.com', 'x')`, [
      id,
    ]);
    const { status, body } = await begin(await anotherToken(), { email: 'half@example.com' });
    expect(status).toBe(201);
    expect(body.user.id).toBe(id);
    expect((await login('half@example.com', PASSWORD)).status).toBe(200);
  });

  it('takes passwords of 12 to 128 characters as people count them, however they were typed', async () => {
    for (const [typed, later] of [
      ['x'.repeat(12), 'x'.repeat(12)],
      ['👍'.repeat(128), '👍'.repeat(128)],
      ['é'.repeat(12), 'e\u0301'.repeat(12)],
    ] as const) {
      const email = `${newId()}@example.com`;
      expect((await begin(await anotherToken(), { email, password: typed })).status).toBe(201);
      expect((await login(email, later)).status).toBe(200);
      expect((await login(email, `${later} `)).status).toBe(401);
    }
  });
});
