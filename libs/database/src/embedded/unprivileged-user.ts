import { execFileSync } from 'node:child_process';
import { AppStartError } from '#libs/kernel';

export interface UnixUser {
  uid: number;
  gid: number;
}

const NAME = 'headgate';

/** Postgres refuses to run as root; root therefore runs it as a system user of its own. */
export function unprivilegedUser(): UnixUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const known = lookup(NAME);
  if (known) return known;
  try {
    execFileSync(
      'useradd',
      ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', NAME],
      { stdio: 'ignore' },
    );
  } catch {
    throw new AppStartError(
      `As root, Postgres needs a user "${NAME}" and useradd could not make it: create that user, start as another user, or set DATABASE_URL.`,
    );
  }
  const made = lookup(NAME);
  if (!made)
    throw new AppStartError(
      `The user "${NAME}" was made but cannot be found: start as another user, or set DATABASE_URL.`,
    );
  return made;
}

function lookup(name: string): UnixUser | undefined {
  const id = (flag: string) =>
    Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}
