import { newId } from '#libs/kernel';
import type { SqlDatabase } from './sql-database.ts';

type Row = Record<string, unknown>;

interface Table {
  name: string;
  /** The columns that must be given, with their types. */
  columns: { name: string; type: string }[];
  /** The references that must be given. */
  references: { columns: string[]; to: string; toColumns: string[] }[];
}

/** What a check wants of columns that may otherwise stay empty. */
const ALSO: Record<string, Row> = { variable: { secret_version: 1 } };

/** Puts one row of an organization into every table that the catalogue knows, whatever tables there will be. */
export async function fillAllTables(database: SqlDatabase, organizationId: string): Promise<void> {
  const waiting = await database.rows<Table>(TABLES);
  const made = new Map<string, Row>();
  while (waiting.length > 0) {
    const ready = waiting.findIndex(({ references }) => references.every(({ to }) => made.has(to)));
    const [table] = waiting.splice(ready, 1);
    if (ready < 0 || !table) throw new Error('tables refer to each other in a circle');
    const row = rowOf(table, organizationId, made);
    const columns = Object.keys(row);
    await database.rows(
      `insert into ${table.name} (${columns.map((column) => `"${column}"`)}) values (${columns.map((_, index) => `$${index + 1}`)})`,
      Object.values(row),
    );
    made.set(table.name, row);
  }
}

function rowOf({ name, columns, references }: Table, organizationId: string, made: Map<string, Row>): Row {
  const row: Row = { ...ALSO[name] };
  for (const column of columns)
    row[column.name] = column.name === 'org_id' ? organizationId : someOf(column.type);
  for (const { columns: from, to, toColumns } of references) {
    from.forEach((column, index) => {
      row[column] = made.get(to)?.[toColumns[index] ?? ''];
    });
  }
  return row;
}

function someOf(type: string): unknown {
  switch (type) {
    case 'uuid':
      return newId();
    case 'text':
      return `text-${newId()}`;
    case 'integer':
    case 'bigint':
    case 'double precision':
      return 1;
    case 'boolean':
      return true;
    case 'json':
      return '{}';
    case 'bytea':
      return Buffer.from('bytes');
    case 'date':
    case 'timestamp with time zone':
      return new Date().toISOString();
    case 'text[]':
    case 'uuid[]':
      return '{}';
    default:
      throw new Error(`no value is known for the type ${type}`);
  }
}

const TABLES = `
  select c.relname as name,
    (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, null)) order by a.attnum)
     from pg_attribute a
     where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attnotnull and not a.atthasdef) as columns,
    coalesce((select json_agg(json_build_object('to', k.confrelid::regclass::text,
        'columns', (select json_agg(a.attname order by u.i) from unnest(k.conkey) with ordinality u (num, i)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = u.num),
        'toColumns', (select json_agg(a.attname order by u.i) from unnest(k.confkey) with ordinality u (num, i)
          join pg_attribute a on a.attrelid = k.confrelid and a.attnum = u.num)))
      from pg_constraint k
      where k.conrelid = c.oid and k.contype = 'f' and not exists (
        select from pg_attribute a where a.attrelid = c.oid and a.attnum = any(k.conkey) and not a.attnotnull)), '[]') as references
  from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    and c.relname <> '_prisma_migrations'
  order by c.relname`;
