import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { ClientBase } from 'pg';

/** The database logins, one per kind of work. Only `hg_owner` owns anything; none may bypass row-level security. */
export const LOGINS = ['hg_owner', 'hg_gateway', 'hg_auth', 'hg_conductor', 'hg_recorder'] as const;
export type Login = (typeof LOGINS)[number];
export type LoginPasswords = Record<Login, string>;

const TRIES = 5;
/** What two sessions meet that create or alter the same login at once. */
const COLLISIONS = ['XX000', '23505', '42710'];

/** Creates the logins and sets their passwords. The administrator needs CREATEROLE, and to own the database. */
export async function ensureLogins(admin: ClientBase, passwords: LoginPasswords): Promise<void> {
  for (const login of LOGINS) await ensureLogin(admin, login, passwords[login]);
  await admin.query('grant usage, create on schema public to hg_owner');
  await admin.query('grant usage on schema public to hg_gateway, hg_auth, hg_conductor, hg_recorder');
  // who may not grant is only warned
  const { rows } = await admin.query<{ may: boolean }>(
    `select has_schema_privilege('hg_owner', 'public', 'create') as may`,
  );
  if (!rows[0]?.may) throw new Error('no right to grant in the schema "public"');
}

/** Logins belong to the whole server, locks only to a database: another installation may be at the same login. */
async function ensureLogin(admin: ClientBase, login: Login, password: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      const { rowCount } = await admin.query('select from pg_roles where rolname = $1', [login]);
      if (!rowCount) await admin.query(`create role ${login} login noinherit`);
      await admin.query(`alter role ${login} with login password '${scramVerifier(password)}'`);
      return;
    } catch (cause) {
      if (tries === TRIES || !COLLISIONS.includes((cause as { code?: string }).code ?? '')) throw cause;
    }
  }
}

export function loginUrl(adminUrl: string, login: Login, passwords: LoginPasswords): string {
  const url = new URL(adminUrl);
  url.username = login;
  url.password = passwords[login];
  return url.href;
}

/** So that the password itself is in no statement that a server might log. */
function scramVerifier(password: string): string {
  const iterations = 4096;
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest();
  const serverKey = createHmac('sha256', salted).update('Server Key').digest();
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey.toString('base64')}:${serverKey.toString('base64')}`;
}
