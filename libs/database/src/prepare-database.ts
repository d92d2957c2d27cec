import { AppStartError } from '#libs/kernel';
import { refuseWhereConducted } from './leader-lock.ts';
import { ensureLogins, type LoginPasswords, loginUrl } from './logins.ts';
import { migrate } from './migrate.ts';
import { createClient } from './pool.ts';

const OLDEST_SERVER = 150_000;
const LOCK = 'headgate.prepare';

/**
 * Brings a database to where this release needs it: logins, migrations, event days. Nothing is touched where another
 * conducts its runs, and nobody else prepares it before `start` has ended: by then it is we who conduct them.
 */
export async function prepareDatabase<Started>(
  adminUrl: string,
  passwords: LoginPasswords,
  folder: string,
  start: () => Promise<Started>,
  applied?: (name: string) => void,
): Promise<Started> {
  const admin = createClient({ url: adminUrl, name: 'prepare' });
  try {
    await admin.connect();
  } catch (cause) {
    throw new AppStartError(`The database cannot be reached: ${(cause as Error).message}.`);
  }
  try {
    const { rows } = await admin.query<{ number: number; text: string }>(
      `select current_setting('server_version_num')::integer as number, current_setting('server_version') as text`,
    );
    const server = rows[0];
    if (!server || server.number < OLDEST_SERVER) {
      throw new AppStartError(`The database is Postgres ${server?.text}; Headgate needs 15 or newer.`);
    }
    await admin.query('select pg_advisory_lock(hashtext($1))', [LOCK]);
    await refuseWhereConducted(admin);
    try {
      await ensureLogins(admin, passwords);
    } catch (cause) {
      throw new AppStartError(
        `The logins could not be created (${(cause as Error).message}): the user of DATABASE_URL needs CREATEROLE and must own the database.`,
      );
    }
    await migrate(loginUrl(adminUrl, 'hg_owner', passwords), folder, applied);
    return await start();
  } finally {
    await admin.end();
  }
}
