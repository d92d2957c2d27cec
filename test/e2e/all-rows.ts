/** Rows of these change while nothing happens, come when their time has come, or are there because a letter is kept. */
const RESTLESS = ['conductor_leader', 'recorder_position', 'run_span', 'dead_letter'];

/** All rows of all tables, as text. */
export async function allRows(
  look: <Row extends object>(statement: string) => Promise<Row[]>,
): Promise<string[]> {
  const tables = await look<{ name: string }>(
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition`,
  );
  const still = tables.filter(({ name }) => !RESTLESS.includes(name));
  const each = still.map(({ name }) => `select '${name}' as name, t::text as text from "${name}" t`);
  const rows = await look<{ name: string; text: string }>(`${each.join(' union all ')} order by 1, 2`);
  return rows.map(({ name, text }) => `${name}: ${text}`);
}
