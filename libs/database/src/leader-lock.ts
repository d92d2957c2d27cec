import type { ClientBase } from 'pg';
import { AppStartError } from '#libs/kernel';

const LOCK = 'headgate.conductor';
const TRY = { session: 'pg_try_advisory_lock', statement: 'pg_try_advisory_xact_lock' };

/** Takes the lock of the one who conducts the runs of a database, for as long as is said; refuses where another has it. */
export async function takeLeaderLock(client: ClientBase, lasting: keyof typeof TRY): Promise<void> {
  const { rows } = await client.query<{ has: boolean }>(`select ${TRY[lasting]}(hashtext($1)) as has`, [
    LOCK,
  ]);
  if (rows[0]?.has) return;
  throw new AppStartError(
    'Another Headgate conducts the runs of this database: stop it, or use another DATABASE_URL.',
  );
}
