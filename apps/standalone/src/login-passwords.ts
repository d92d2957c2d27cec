import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { LOGINS, type LoginPasswords } from '#libs/database';
import { AppStartError } from '#libs/kernel';

type GivenPasswords = { [login in keyof LoginPasswords]?: string | undefined };

/** The passwords of the database logins: given, or made once and kept in the data directory. */
export function loginPasswords(path: string, given: GivenPasswords = {}): LoginPasswords {
  const kept = existsSync(path) ? keptIn(path) : {};
  const missing = LOGINS.filter((login) => given[login] === undefined && kept[login] === undefined);
  if (missing.length > 0) {
    for (const login of missing) kept[login] = randomBytes(24).toString('base64url');
    writeFileSync(path, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
  }
  const stated = Object.entries(given).filter(([, password]) => password !== undefined);
  return { ...kept, ...Object.fromEntries(stated) } as LoginPasswords;
}

function keptIn(path: string): Partial<LoginPasswords> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Partial<LoginPasswords>;
  } catch {
    // the parser's own message would show what stands in the file
    throw new AppStartError(
      `The passwords of the database logins in ${path} cannot be read: remove that file, and they are made anew.`,
    );
  }
}
