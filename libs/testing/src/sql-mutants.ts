import type { SqlDatabase } from './sql-database.ts';

/** A change of a routine's text: each pair is what stands there and what takes its place. */
export type Mutation = readonly (readonly [text: string, instead: string])[];

const LOCK = '      for update\n';
const OWNER = `when 'owner' then l.attempt = u.attempt and l.status in ('assigned', 'running') and not l.broken`;
const ATTEMPT = `when 'attempt' then l.attempt = u.attempt and l.status in ('assigned', 'running')`;
const FOLLOWS = '(s_is_next[e.r] and e.n > s_last_n[e.r])';

/** `append_events` with one of its rules taken out. */
export const APPEND_MUTANTS = {
  'seq from the log': [
    [LOCK, ''],
    [
      's_last_seq[e.r] + coalesce(e.n - s_last_n[e.r], e.k)',
      '(select max(x.seq) from run_event x where x.org_id = r_org[e.r] and x.run_id = r_run[e.r]) + e.k',
    ],
  ],
  'no lock': [[LOCK, '']],
  'no attempt of the owner': [[OWNER, OWNER.replace('l.attempt = u.attempt and ', '')]],
  'no state of the owner': [[OWNER, OWNER.replace(` and l.status in ('assigned', 'running')`, '')]],
  'open though broken': [[OWNER, OWNER.replace(' and not l.broken', '')]],
  'no attempt that is taken away': [[ATTEMPT, ATTEMPT.replace('l.attempt = u.attempt and ', '')]],
  'no state of what is taken away': [
    [ATTEMPT, ATTEMPT.replace(` and l.status in ('assigned', 'running')`, '')],
  ],
  'no attempt in the queue': [['else l.attempt = u.attempt and l.status', 'else l.status']],
  'no state in the queue': [
    ['else l.attempt = u.attempt and l.status = u.from_state', 'else l.attempt = u.attempt'],
  ],
  'cancel again': [[`when 'live' then l.cancel_requested_at is null`, `when 'live' then true`]],
  'no dedupe': [[FOLLOWS, 's_is_next[e.r]']],
  'over holes': [[FOLLOWS, '(e.n > s_last_n[e.r])']],
  'holes do not break': [["u.move is distinct from 'retry' and (l.broken or", 'false and (l.broken or']],
  'anybody appends': [['if not e_type <@ appendable(current_user) then', 'if false then']],
  'usage behind the fence': [
    [
      'as u (r, node_id, iteration, call, model, input_tokens, output_tokens)\n      on conflict',
      'as u (r, node_id, iteration, call, model, input_tokens, output_tokens)\n      where s_is_open[u.r] on conflict',
    ],
  ],
  'checkpoints without a fence': [
    ['where s_is_open[c.r] and s_is_next[c.r] and c.n > s_last_n[c.r]', 'where true'],
  ],
  'messages without a fence': [
    ['where s_is_open[m.r] and s_is_next[m.r] and m.n > s_last_n[m.r]', 'where true'],
  ],
  'checkpoints stay': [
    [
      'delete from run_checkpoint c using ended d where',
      'delete from run_checkpoint c using ended d where false and',
    ],
  ],
} as const satisfies Record<string, Mutation>;

/** Runs something with a routine changed, and puts it back as it was. */
export async function withMutant<Result>(
  database: SqlDatabase,
  routine: string,
  mutation: Mutation,
  work: () => Promise<Result>,
): Promise<Result> {
  const [found] = await database.rows<{ text: string }>(
    'select pg_get_functiondef(oid) as text from pg_proc where proname = $1',
    [routine],
  );
  if (!found) throw new Error(`there is no routine ${routine}`);
  let mutant = found.text;
  for (const [text, instead] of mutation) {
    if (mutant.split(text).length !== 2) throw new Error(`this does not stand once in ${routine}: ${text}`);
    mutant = mutant.replace(text, () => instead);
  }
  await database.rows(mutant);
  try {
    return await work();
  } finally {
    await database.rows(found.text);
  }
}
