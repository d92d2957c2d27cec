import type { LeaderSession } from '../leader/session.ts';

/** Hourly: the days of the event log to come, and idempotency keys that no longer count. */
export async function keepHouse(session: LeaderSession): Promise<void> {
  await session.query({ text: 'select ensure_event_days()' });
  await session.query({ text: `delete from idempotency where created_at < now() - interval '24 hours'` });
}
