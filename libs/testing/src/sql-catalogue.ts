import type { ClientBase } from 'pg';
import { LOGINS } from '#libs/database';

/** Tables that belong to no organization. A new one must be thought about, and named here. */
const GLOBAL_TABLES = [
  'app_user',
  'refresh_family',
  'dead_letter',
  'recorder_position',
  'conductor_leader',
  '_prisma_migrations',
];

/** Functions that run with the rights of their owner, whom row-level security lets see everything. */
const DEFINER_FUNCTIONS = ['ensure_event_days'];

const list = (names: readonly string[]) => `array[${names.map((name) => `'${name}'`).join(',')}]::name[]`;

const TABLES = `relation as (
    select c.*, exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'org_id' and not a.attisdropped) as is_tenant
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind not in ('i', 'I', 't', 'c')
  ),
  tenant as (select * from relation where is_tenant and relkind in ('r', 'p') and not relispartition),
  global as (select * from relation where not is_tenant and relkind in ('r', 'p') and not relispartition),
  policy as (
    select p.*, (select array_agg(r.rolname::text) from pg_roles r where r.oid = any(p.polroles)) as roles,
      p.polcmd = '*' and p.polpermissive as is_whole,
      pg_get_expr(p.polqual, p.polrelid) as sees, pg_get_expr(p.polwithcheck, p.polrelid) as writes
    from pg_policy p
  ),
  owner_policy as (select * from policy where is_whole and roles = '{hg_owner}' and sees = 'true' and writes = 'true'),
  tenant_policy as (
    select * from policy
    where is_whole and roles = '{hg_gateway}' and sees = '(org_id = current_org())' and writes = '(org_id = current_org())'
  ),
  serving_policy as (
    select * from policy
    where is_whole and cardinality(roles) = 1 and roles <@ '{hg_auth,hg_conductor,hg_recorder}' and sees = 'true' and writes = 'true'
  ),
  granted as (
    select c.oid, c.relname, g.* from relation c, aclexplode(c.relacl) g where g.grantee <> c.relowner
    union all
    select c.oid, c.relname, g.* from relation c join pg_attribute a on a.attrelid = c.oid, aclexplode(a.attacl) g
    where g.grantee <> c.relowner
  )`;

const grantedTo = (role: string) => `granted.grantee = '${role}'::regrole`;
const column = 'select a.attnum from pg_attribute a where a.attname';

/** What must not be: each query gives what breaks the rule. */
const RULES: Record<string, string> = {
  'row-level security is not enabled and forced':
    'select relname from tenant where not (relrowsecurity and relforcerowsecurity)',
  'org_id may be empty or is no uuid': `select relname from tenant where exists (select from pg_attribute a
     where a.attrelid = tenant.oid and a.attname = 'org_id' and not (a.attnotnull and a.atttypid = 'uuid'::regtype))`,
  'the owner has no policy':
    'select relname from tenant where not exists (select from owner_policy p where p.polrelid = tenant.oid)',
  'the gateway has no tenant policy':
    'select relname from tenant where not exists (select from tenant_policy p where p.polrelid = tenant.oid)',
  'it has a policy that is none of ours': `select tenant.relname from tenant join policy p on p.polrelid = tenant.oid
     where p.oid not in (select oid from owner_policy union select oid from tenant_policy union select oid from serving_policy)`,
  'a login has a grant without a policy, or a policy without a grant': `select tenant.relname
     from tenant cross join (select oid, rolname from pg_roles where rolname in ('hg_auth', 'hg_conductor', 'hg_recorder')) login
     where exists (select from granted where granted.oid = tenant.oid and granted.grantee = login.oid)
       is distinct from exists (select from serving_policy p where p.polrelid = tenant.oid and p.roles = array[login.rolname::text])`,
  'its primary key lacks org_id': `select relname from tenant where not exists (select from pg_constraint k
     where k.conrelid = tenant.oid and k.contype = 'p' and k.conkey @> array(${column} = 'org_id' and a.attrelid = tenant.oid))`,
  'a foreign key does not carry org_id': `select k.conrelid::regclass::text from pg_constraint k join tenant target on target.oid = k.confrelid
     where k.contype = 'f' and not exists (select from unnest(k.conkey, k.confkey) as pair (here, there)
       where pair.here = (${column} = 'org_id' and a.attrelid = k.conrelid)
         and pair.there = (${column} = 'org_id' and a.attrelid = k.confrelid))`,
  'it has no org_id and is not on the list of global tables': `select relname from global where relname <> all(${list(GLOBAL_TABLES)})`,
  'the gateway has a privilege on a global table': `select global.relname from global join granted on granted.oid = global.oid
     where ${grantedTo('hg_gateway')}`,
  'the doors may do more than read': `select tenant.relname from tenant join granted on granted.oid = tenant.oid
     where ${grantedTo('hg_auth')} and granted.privilege_type <> 'SELECT'`,
  'the gateway can read the ciphertext of secrets': `select 'secret_version'
     where has_column_privilege('hg_gateway', 'secret_version', 'envelope', 'SELECT')`,
  'a partition is not closed to all but its parent': `select relname from relation where relispartition and (
       not (relrowsecurity and relforcerowsecurity)
       or not exists (select from owner_policy p where p.polrelid = relation.oid)
       or exists (select from policy p where p.polrelid = relation.oid and p.roles <> '{hg_owner}')
       or exists (select from granted where granted.oid = relation.oid))`,
  'a privilege is granted to everybody, passed on, or more than rows need': `select relname from granted
     where grantee = 0 or is_grantable or privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE')`,
  'it is neither a table nor an index': `select relname from relation where relkind not in ('r', 'p')`,
  'hg_owner does not own it': `select relname from relation where relowner <> 'hg_owner'::regrole`,
  'it runs with its owner’s rights and is not on the list': `select proname from pg_proc
     where pronamespace = 'public'::regnamespace and prosecdef
       and (proname <> all(${list(DEFINER_FUNCTIONS)}) or proconfig is distinct from '{"search_path=public, pg_temp"}')`,
};

/** What the catalogue of a database has that breaks tenancy, one sentence each. */
export async function catalogueFaults(client: Pick<ClientBase, 'query'>): Promise<string[]> {
  const faults: string[] = [];
  for (const [rule, query] of Object.entries(RULES)) {
    const { rows } = await client.query<{ name: string }>({
      text: `with ${TABLES} select distinct what.name::text as name from (${query}) as what (name) order by 1`,
    });
    faults.push(...rows.map(({ name }) => `${name}: ${rule}`));
  }
  return faults;
}

/** What a login may that no login of ours may, one sentence each. */
export async function loginFaults(
  client: Pick<ClientBase, 'query'>,
  logins: readonly string[] = LOGINS,
): Promise<string[]> {
  const { rows } = await client.query<{ fault: string }>(
    `with login as (
       select w.name, r.* from unnest($1::text[]) as w (name) left join pg_roles r on r.rolname = w.name
     )
     select name || ': it does not exist or may not sign in' as fault from login where rolcanlogin is not true
     union all select name || ': it is a superuser' from login where rolsuper
     union all select name || ': it may bypass row-level security' from login where rolbypassrls
     union all select name || ': it may create roles' from login where rolcreaterole
     union all select name || ': it may create databases' from login where rolcreatedb
     union all select name || ': it may replicate' from login where rolreplication
     union all select name || ': it may act as ' || m.roleid::regrole from login join pg_auth_members m on m.member = login.oid
     union all select name || ': it may create in the schema' from login
       where name <> 'hg_owner' and has_schema_privilege(login.oid, 'public', 'CREATE')
     union all select name || ': it owns ' || c.relname from login join pg_class c on c.relowner = login.oid where name <> 'hg_owner'
     order by 1`,
    [logins],
  );
  return rows.map(({ fault }) => fault);
}

export interface TenantTable {
  name: string;
  /** Those that can be given, as they stand in a statement. */
  columns: string;
}

/** The tables that carry an organization, without the days of the event log. */
export function tenantTables(database: {
  rows<Row extends object>(statement: string): Promise<Row[]>;
}): Promise<TenantTable[]> {
  return database.rows<TenantTable>(
    `with ${TABLES}
     select relname as name, (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
       where a.attrelid = tenant.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns
     from tenant order by 1`,
  );
}
