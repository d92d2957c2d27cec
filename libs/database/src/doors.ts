import type { Pool } from 'pg';

export interface KeyRow {
  organizationId: string;
  id: string;
  kind: string;
  hash: Buffer;
  scopes: string[];
  deploymentIds: string[];
  expiresAt: Date | null;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
}

export interface UserRow {
  id: string;
  email: string;
  passwordHash: string;
  authorizationVersion: number;
  isPlatformAdmin: boolean;
}

export interface MembershipRow {
  organizationId: string;
  name: string;
  roles: string[];
}

export interface BootstrapTokenRow {
  organizationId: string;
  id: string;
  hash: Buffer;
  isUsable: boolean;
}

export interface FamilyRow {
  id: string;
  userId: string;
  lastOrganizationId: string;
  currentHash: Buffer;
  previousHash: Buffer | null;
  secondsSinceRotation: number;
  isUsable: boolean;
}

export interface Head {
  runId: string;
  lastSeq: number;
  isEnded: boolean;
}

/**
 * The queries that must run before the organization is known, or over several: all of them, under the login `hg_auth`.
 * On tenant tables they only read.
 */
export class Doors {
  constructor(private readonly pool: Pool) {}

  async findKey(publicId: string): Promise<KeyRow | undefined> {
    return this.first<KeyRow>(
      'find_key',
      `select org_id as "organizationId", id, kind, hash, scopes, deployment_ids as "deploymentIds", expires_at as "expiresAt",
         revoked_at as "revokedAt", last_used_at as "lastUsedAt"
       from api_key where public_id = $1`,
      [publicId],
    );
  }

  /** Whether a key that was good is good still. */
  async isKeyAlive(organizationId: string, id: string): Promise<boolean> {
    const row = await this.first<{ alive: boolean }>(
      'is_key_alive',
      `select exists (select from api_key where org_id = $1 and id = $2 and revoked_at is null and (expires_at is null or expires_at > now())) as alive`,
      [organizationId, id],
    );
    return row?.alive ?? false;
  }

  async findBootstrapToken(publicId: string): Promise<BootstrapTokenRow | undefined> {
    return this.first<BootstrapTokenRow>(
      'find_bootstrap_token',
      `select org_id as "organizationId", id, hash, used_at is null and voided_at is null and expires_at > now() as "isUsable"
       from bootstrap_token where public_id = $1`,
      [publicId],
    );
  }

  /** The organization that waits for its first owner. */
  async lastBootstrapOrganization(): Promise<string | undefined> {
    const row = await this.first<{ id: string }>(
      'last_bootstrap',
      'select org_id as id from bootstrap_token order by created_at desc limit 1',
      [],
    );
    return row?.id;
  }

  /** Whether anybody belongs to an organization yet. */
  async hasMembers(): Promise<boolean> {
    const row = await this.first<{ has: boolean }>(
      'has_members',
      'select exists (select from membership) as has',
      [],
    );
    return row?.has ?? false;
  }

  async findUserByEmail(email: string): Promise<UserRow | undefined> {
    return this.first<UserRow>('find_user_by_email', `select ${USER} from app_user where email = $1`, [
      email,
    ]);
  }

  async findUser(id: string): Promise<UserRow | undefined> {
    return this.first<UserRow>('find_user', `select ${USER} from app_user where id = $1`, [id]);
  }

  /** Creates the user, or takes the one with this e-mail that a bootstrap has left which failed half-way. */
  async ensureUser(user: { id: string; email: string; passwordHash: string }): Promise<UserRow> {
    const row = await this.first<UserRow>(
      'ensure_user',
      `insert into app_user (id, email, password_hash) values ($1, $2, $3)
       on conflict (email) do update set password_hash = excluded.password_hash
       returning ${USER}`,
      [user.id, user.email, user.passwordHash],
    );
    if (!row) throw new Error('the user was neither made nor found');
    return row;
  }

  async makePlatformAdmin(userId: string): Promise<void> {
    await this.pool.query('update app_user set is_platform_admin = true where id = $1', [userId]);
  }

  async setPasswordHash(userId: string, passwordHash: string): Promise<void> {
    await this.pool.query('update app_user set password_hash = $2 where id = $1', [userId, passwordHash]);
  }

  async membershipsOf(userId: string): Promise<MembershipRow[]> {
    const { rows } = await this.pool.query<MembershipRow>({
      name: 'memberships_of',
      text: `select m.org_id as "organizationId", o.name,
               coalesce(array_agg(b.role) filter (where b.role is not null), '{}') as roles
             from membership m join organization o on o.org_id = m.org_id
               left join binding b on b.org_id = m.org_id and b.subject_kind = 'user' and b.subject_id = m.user_id
                 and b.scope_kind = 'organization' and b.scope_id = m.org_id
             where m.user_id = $1
             group by m.org_id, o.name, m.created_at order by m.created_at, m.org_id`,
      values: [userId],
    });
    return rows;
  }

  async addFamily(family: {
    id: string;
    publicId: string;
    userId: string;
    organizationId: string;
    hash: Buffer;
  }): Promise<void> {
    await this.pool.query(
      `insert into refresh_family (id, public_id, user_id, last_organization_id, current_hash, idle_expires_at, expires_at)
       values ($1, $2, $3, $4, $5, now() + interval '30 days', now() + interval '90 days')`,
      [family.id, family.publicId, family.userId, family.organizationId, family.hash],
    );
  }

  async findFamily(publicId: string): Promise<FamilyRow | undefined> {
    return this.first<FamilyRow>(
      'find_family',
      `select id, user_id as "userId", last_organization_id as "lastOrganizationId", current_hash as "currentHash",
         previous_hash as "previousHash", extract(epoch from now() - rotated_at)::float8 as "secondsSinceRotation",
         revoked_at is null and idle_expires_at > now() and expires_at > now() as "isUsable"
       from refresh_family where public_id = $1`,
      [publicId],
    );
  }

  /** Puts the next token in the current one's place; false where another request was faster. */
  async rotateFamily(
    id: string,
    currentHash: Buffer,
    nextHash: Buffer,
    organizationId: string,
  ): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `update refresh_family set previous_hash = current_hash, current_hash = $3, rotated_at = now(),
         last_organization_id = $4, idle_expires_at = now() + interval '30 days'
       where id = $1 and current_hash = $2 and revoked_at is null`,
      [id, currentHash, nextHash, organizationId],
    );
    return rowCount === 1;
  }

  async revokeFamily(id: string): Promise<void> {
    await this.pool.query(
      'update refresh_family set revoked_at = coalesce(revoked_at, now()) where id = $1',
      [id],
    );
  }

  /** How far the logs of watched runs have come: for one gateway's waiters and streams, in one query. */
  async watchedHeads(organizationIds: string[], runIds: string[]): Promise<Head[]> {
    const { rows } = await this.pool.query<Head>({
      name: 'watched_heads',
      text: `select r.id as "runId", coalesce(l.last_seq, r.last_seq) as "lastSeq", l.run_id is null as "isEnded"
             from unnest($1::uuid[], $2::uuid[]) as w (org_id, run_id)
               join run r on r.org_id = w.org_id and r.id = w.run_id
               left join run_live l on l.org_id = w.org_id and l.run_id = w.run_id
             where l.run_id is not null or r.last_seq is not null`,
      values: [organizationIds, runIds],
    });
    return rows;
  }

  private async first<Row extends object>(
    name: string,
    text: string,
    values: unknown[],
  ): Promise<Row | undefined> {
    const { rows } = await this.pool.query<Row>({ name, text, values });
    return rows[0];
  }
}

const USER = `id, email, password_hash as "passwordHash", authorization_version as "authorizationVersion",
  is_platform_admin as "isPlatformAdmin"`;
