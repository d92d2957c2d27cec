import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { attemptEvents, fillAllTables, SqlRuns, sqlStateOf, tenantTables } from '#libs/testing';
import { Doors } from './doors.ts';
import type { Pool } from './pool.ts';

const NOT_ALLOWED = '42501';

describe('a door', () => {
  let runs: SqlRuns;
  let pool: Pool;
  let doors: Doors;
  const bytes = (text: string) => Buffer.from(text);
  const put = (statement: string, values: unknown[]) => runs.database.rows(statement, values);

  beforeAll(async () => {
    runs = await SqlRuns.create();
    pool = runs.database.pool('hg_auth');
    doors = new Doors(pool);
  });
  afterAll(() => runs.dispose());

  const addUser = async () => {
    const id = newId();
    const email = `${id}@example.com`;
    return doors.ensureUser({ id, email, passwordHash: 'hash' });
  };

  describe('for keys', () => {
    const addKey = async (more: { expiresAt?: string; revokedAt?: string } = {}) => {
      const id = newId();
      await put(
        `insert into api_key (org_id, id, public_id, kind, hash, pepper_version, last_four, name, scopes, deployment_ids, expires_at, revoked_at)
         values ($1, $2, $3, 'flow', $4, 1, 'abcd', 'key', '{run:create}', $5, $6, $7)`,
        [
          runs.organizationId,
          id,
          `public-${id}`,
          bytes('hash'),
          [newId()],
          more.expiresAt ?? null,
          more.revokedAt ?? null,
        ],
      );
      return id;
    };

    it('finds a key by its public id, whatever its organization', async () => {
      const id = await addKey();
      expect(await doors.findKey(`public-${id}`)).toMatchObject({
        organizationId: runs.organizationId,
        id,
        kind: 'flow',
        hash: bytes('hash'),
        scopes: ['run:create'],
        expiresAt: null,
        revokedAt: null,
        lastUsedAt: null,
      });
      expect(await doors.findKey('public-none')).toBeUndefined();
    });

    it('knows whether a key is alive still', async () => {
      const later = new Date(Date.now() + 60_000).toISOString();
      const earlier = new Date(Date.now() - 60_000).toISOString();
      const alive = async (id: string, organizationId = runs.organizationId) =>
        doors.isKeyAlive(organizationId, id);
      expect(await alive(await addKey())).toBe(true);
      expect(await alive(await addKey({ expiresAt: later }))).toBe(true);
      expect(await alive(await addKey({ expiresAt: earlier }))).toBe(false);
      expect(await alive(await addKey({ revokedAt: earlier }))).toBe(false);
      expect(await alive(newId())).toBe(false);
      expect(await alive(await addKey(), newId())).toBe(false);
    });
  });

  describe('for the first owner', () => {
    const addToken = async (column?: 'used_at' | 'voided_at', expires = '1 hour') => {
      const id = newId();
      await put(
        `insert into bootstrap_token (org_id, id, public_id, hash, expires_at, created_at)
         values ($1, $2, $3, 'hash', now() + $4::interval, clock_timestamp())`,
        [runs.organizationId, id, `public-${id}`, expires],
      );
      if (column) await put(`update bootstrap_token set ${column} = now() where id = $1`, [id]);
      return `public-${id}`;
    };

    it('finds a bootstrap token and knows whether it can be used', async () => {
      const usable = async (publicId: string) => (await doors.findBootstrapToken(publicId))?.isUsable;
      expect(await doors.findBootstrapToken(await addToken())).toMatchObject({
        organizationId: runs.organizationId,
        hash: bytes('hash'),
        isUsable: true,
      });
      expect(await usable(await addToken('used_at'))).toBe(false);
      expect(await usable(await addToken('voided_at'))).toBe(false);
      expect(await usable(await addToken(undefined, '-1 second'))).toBe(false);
      expect(await usable('public-none')).toBeUndefined();
    });

    it('names the organization of the newest token', async () => {
      await addToken();
      expect(await doors.lastBootstrapOrganization()).toBe(runs.organizationId);
      const next = newId();
      await runs.addOrganization(next);
      await put(
        `insert into bootstrap_token (org_id, id, public_id, hash, expires_at, created_at)
         values ($1, $2, $3, 'hash', now(), now() + interval '1 minute')`,
        [next, newId(), newId()],
      );
      expect(await doors.lastBootstrapOrganization()).toBe(next);
    });
  });

  describe('for users', () => {
    it('finds a user by e-mail and by id', async () => {
      const user = await addUser();
      expect(user).toMatchObject({ authorizationVersion: 1, isPlatformAdmin: false, passwordHash: 'hash' });
      expect(await doors.findUser(user.id)).toEqual(user);
      expect(await doors.findUserByEmail(user.email)).toEqual(user);
      expect(await doors.findUser(newId())).toBeUndefined();
      expect(await doors.findUserByEmail('nobody@example.com')).toBeUndefined();
    });

    it('makes a user once per e-mail', async () => {
      const user = await addUser();
      const again = await doors.ensureUser({ ...user, id: newId(), passwordHash: 'other' });
      expect(again).toEqual({ ...user, passwordHash: 'other' });
      await doors.setPasswordHash(user.id, 'third');
      expect((await doors.findUser(user.id))?.passwordHash).toBe('third');
    });

    it('makes one user a platform admin, and nobody else', async () => {
      const [user, other] = [await addUser(), await addUser()];
      await doors.makePlatformAdmin(user.id);
      expect((await doors.findUser(user.id))?.isPlatformAdmin).toBe(true);
      expect((await doors.findUser(other.id))?.isPlatformAdmin).toBe(false);
    });

    it('lists the organizations of a user with the roles that they have there', async () => {
      const [user, other] = [await addUser(), await addUser()];
      expect(await doors.hasMembers()).toBe(false);
      const second = newId();
      await runs.addOrganization(second);
      const join = `insert into membership (org_id, user_id, created_at) values ($1, $2, now() + $3 * interval '1 second')`;
      await put(join, [runs.organizationId, user.id, 1]);
      await put(join, [second, user.id, 2]);
      await put(join, [runs.organizationId, other.id, 3]);
      const bind = `insert into binding (org_id, id, subject_kind, subject_id, role, scope_kind, scope_id) values ($1, $2, $3, $4, $5, $6, $7)`;
      await put(bind, [
        runs.organizationId,
        newId(),
        'user',
        user.id,
        'owner',
        'organization',
        runs.organizationId,
      ]);
      await put(bind, [runs.organizationId, newId(), 'user', user.id, 'runner', 'project', newId()]);
      await put(bind, [
        runs.organizationId,
        newId(),
        'key',
        user.id,
        'runner',
        'organization',
        runs.organizationId,
      ]);
      expect(await doors.membershipsOf(user.id)).toEqual([
        { organizationId: runs.organizationId, name: runs.organizationId, roles: ['owner'] },
        { organizationId: second, name: second, roles: [] },
      ]);
      expect(await doors.membershipsOf(newId())).toEqual([]);
      expect(await doors.hasMembers()).toBe(true);
    });
  });

  describe('for sign-ins', () => {
    const addFamily = async () => {
      const user = await addUser();
      const family = { id: newId(), publicId: newId(), userId: user.id, organizationId: newId() };
      await doors.addFamily({ ...family, hash: bytes('first') });
      return family;
    };

    it('finds a family of refresh tokens', async () => {
      const family = await addFamily();
      const found = await doors.findFamily(family.publicId);
      expect(found).toMatchObject({
        id: family.id,
        userId: family.userId,
        lastOrganizationId: family.organizationId,
        currentHash: bytes('first'),
        previousHash: null,
        isUsable: true,
      });
      expect(found?.secondsSinceRotation).toBeLessThan(60);
      expect(await doors.findFamily(newId())).toBeUndefined();
    });

    it('lets one of two requests rotate it', async () => {
      const { id, publicId } = await addFamily();
      const next = newId();
      const rotate = (hash: string) => doors.rotateFamily(id, bytes('first'), bytes(hash), next);
      const rotated = await Promise.all([rotate('a'), rotate('b')]);
      expect(rotated.toSorted()).toEqual([false, true]);
      expect(await doors.findFamily(publicId)).toMatchObject({
        currentHash: bytes(rotated[0] ? 'a' : 'b'),
        previousHash: bytes('first'),
        lastOrganizationId: next,
      });
    });

    it('ends it for good', async () => {
      const { id, publicId } = await addFamily();
      await doors.revokeFamily(id);
      expect((await doors.findFamily(publicId))?.isUsable).toBe(false);
      expect(await doors.rotateFamily(id, bytes('first'), bytes('next'), newId())).toBe(false);
    });

    it.each(['idle_expires_at', 'expires_at'])(
      'does not take it for usable once %s has passed',
      async (column) => {
        const { publicId } = await addFamily();
        await put(`update refresh_family set ${column} = now() where public_id = $1`, [publicId]);
        expect((await doors.findFamily(publicId))?.isUsable).toBe(false);
      },
    );
  });

  it('says how far the logs of watched runs have come, living, ended and unknown', async () => {
    const [queued, running, ended] = [await runs.queued(), await runs.assigned(), await runs.assigned()];
    const write = (ref: typeof running, events: ReturnType<typeof attemptEvents>) =>
      runs.append('hg_recorder', { ...ref, attempt: 1, from: 'owner', events });
    await write(running, attemptEvents(2));
    await write(ended, attemptEvents(3, 'run.succeeded'));
    const watched = [queued, running, ended, { organizationId: newId(), runId: running.runId }];
    const heads = await doors.watchedHeads(
      watched.map(({ organizationId }) => organizationId),
      watched.map(({ runId }) => runId),
    );
    expect(heads).toHaveLength(3);
    expect(heads).toEqual(
      expect.arrayContaining([
        { runId: queued.runId, lastSeq: 1, isEnded: false },
        { runId: running.runId, lastSeq: 3, isEnded: false },
        { runId: ended.runId, lastSeq: 4, isEnded: true },
      ]),
    );
  });

  it('only reads on tenant tables', async () => {
    await fillAllTables(runs.database, newId());
    const tables = await tenantTables(runs.database);
    for (const { name } of tables) {
      const states = [
        await sqlStateOf(pool.query(`insert into ${name} default values`)),
        await sqlStateOf(pool.query(`update ${name} set org_id = org_id`)),
        await sqlStateOf(pool.query(`delete from ${name}`)),
      ];
      expect([name, ...states]).toEqual([name, NOT_ALLOWED, NOT_ALLOWED, NOT_ALLOWED]);
    }
  });

  it('is closed to what runs carry', async () => {
    expect(await sqlStateOf(pool.query('select input from run'))).toBe(NOT_ALLOWED);
    for (const table of ['run_event', 'message', 'variable', 'secret_version', 'kek', 'audit_entry']) {
      expect([table, await sqlStateOf(pool.query(`select from ${table}`))]).toEqual([table, NOT_ALLOWED]);
    }
  });
});
