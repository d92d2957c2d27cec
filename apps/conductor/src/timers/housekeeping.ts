import type { LeaderSession } from '../leader/session.ts';

/** As many as go in a moment: whatever else the leader has to say waits for it. */
const MAX_DELETED = 5_000;

/** The days of the event log to come. */
export async function ensureEventDays(session: LeaderSession): Promise<void> {
  await session.query({ text: 'select ensure_event_days()' });
}

/** Hourly: those days, and idempotency keys that no longer count. */
export async function keepHouse(session: LeaderSession): Promise<void> {
  await ensureEventDays(session);
  for (;;) {
    const [row] = await session.query<{ deleted: number }>({
      text: `with old as (
               select org_id, principal_id, route, key from idempotency where created_at < now() - interval '24 hours'
               order by created_at limit $1
             ),
             deleted as (
               delete from idempotency k using old
               where k.org_id = old.org_id and k.principal_id = old.principal_id and k.route = old.route and k.key = old.key
                 and k.created_at < now() - interval '24 hours'
               returning 1
             )
             select count(*)::integer as deleted from deleted`,
      values: [MAX_DELETED],
    });
    if (!row || row.deleted < MAX_DELETED) return;
  }
}
