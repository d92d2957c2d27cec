import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { LOGINS, type LoginPasswords } from '#libs/database';

/** The passwords of the database logins: made once, kept in the data directory. */
export function loginPasswords(path: string): LoginPasswords {
  const known = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Partial<LoginPasswords>) : {};
  const missing = LOGINS.filter((login) => known[login] === undefined);
  if (missing.length > 0) {
    for (const login of missing) known[login] = randomBytes(24).toString('base64url');
    writeFileSync(path, `${JSON.stringify(known, null, 2)}\n`, { mode: 0o600 });
  }
  return known as LoginPasswords;
}
