import type { ClientBase } from 'pg';
import { AppStartError } from '#libs/kernel';

const LOCK = 'headgate.conductor';

/** So long a leader is believed after it has last said that it leads. */
export const LEADER_UNTIL_MS = 1_500;

/** Refuses where another conducts the runs of a database. */
export async function refuseWhereConducted(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ has: boolean }>(
    'select pg_try_advisory_xact_lock(hashtext($1)) as has',
    [LOCK],
  );
  if (!rows[0]?.has) throw conductedByAnother();
}

export function conductedByAnother(): AppStartError {
  return new AppStartError(
    'Another Headgate conducts the runs of this database: stop it, or use another DATABASE_URL.',
  );
}

/**
 * Takes the lead, where nobody has it, for as long as the connection lasts; resolves with the term. Whoever led in `term`
 * and comes back before another has led goes on with it.
 */
export async function takeLead(client: ClientBase, term: number | undefined): Promise<number | undefined> {
  const { rows } = await client.query<{ term: number }>(
    `with taken as materialized (select pg_try_advisory_lock(hashtext($1)) as is_ours)
     insert into conductor_leader as leader (lock, term, backend_pid, until)
       select $1, 1, pg_backend_pid(), now() + $2 * interval '1 millisecond' from taken where is_ours
       on conflict (lock) do update set backend_pid = excluded.backend_pid, until = excluded.until,
         term = leader.term + case when leader.term = $3 then 0 else 1 end
       returning term::float8 as term`,
    [LOCK, LEADER_UNTIL_MS, term ?? null],
  );
  return rows[0]?.term;
}

/** Says that the one of this connection still leads; false where another does. */
export async function renewLead(client: ClientBase, term: number): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'renew_lead',
    text: `update conductor_leader set until = now() + $3 * interval '1 millisecond'
           where lock = $1 and term = $2 and backend_pid = pg_backend_pid()`,
    values: [LOCK, term, LEADER_UNTIL_MS],
  });
  return rowCount === 1;
}

/** Who leads, and for how long that is to be believed; one of whom it is no more is ended, so that another can. */
export async function watchLead(client: ClientBase): Promise<{ term: number; leftMs: number } | undefined> {
  const { rows } = await client.query<{ term: number; leftMs: number }>({
    name: 'watch_lead',
    text: `select leader.term::float8 as term, extract(epoch from leader.until - now())::float8 * 1000 as "leftMs",
             case when leader.until < now() then (
               select count(pg_terminate_backend(held.pid)) from pg_locks held
               where held.locktype = 'advisory' and held.granted and held.pid = leader.backend_pid
                 and held.database = (select oid from pg_database where datname = current_database())
                 and held.objid::bigint = hashtext($1)::bigint & 4294967295
             ) end as ended
           from conductor_leader leader where leader.lock = $1`,
    values: [LOCK],
  });
  return rows[0];
}
