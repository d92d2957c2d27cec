import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPool, type Pool, TenantDatabase } from '#libs/database';
import { newId } from '#libs/kernel';
import { fillAllTables, SqlDatabase, sqlStateOf, type TenantTable, tenantTables } from '#libs/testing';

const NOT_ALLOWED = '42501';
const TAKEN = '23505';
const NO_SUCH_ROW = '23503';

/**
 * Every tenant table that the catalogue knows, with a row of two organizations in each. The gateway's login is granted all
 * there is on them, so that the policies alone must keep the organizations apart.
 */
describe('an organization', () => {
  let database: SqlDatabase;
  let pool: Pool;
  let tenants: TenantDatabase;
  let tables: TenantTable[];
  const ours = newId();
  const theirs = newId();

  beforeAll(async () => {
    database = await SqlDatabase.create();
    await fillAllTables(database, ours);
    await fillAllTables(database, theirs);
    tables = await tenantTables(database);
    for (const { name } of tables) {
      await database.rows(`grant select, insert, update, delete on ${name} to hg_gateway`);
    }
    pool = createPool({ url: database.url('hg_gateway'), size: 1, name: 'test' });
    tenants = new TenantDatabase(pool);
  });
  afterAll(async () => {
    await tenants.close();
    await pool.end();
    await database.dispose();
  });

  const count = async (text: string) => (await pool.query(text)).rowCount;
  const outside = () =>
    pool.query<{ org: string | null }>(`select current_setting('app.org_id', true) as org`);
  const isOutside = async () => ((await outside()).rows[0]?.org ?? '') === '';

  it('owns rows in every tenant table, beside another', async () => {
    expect(tables.length).toBeGreaterThan(20);
    for (const { name } of tables) {
      const rows = await database.rows<{ org_id: string }>(`select org_id from ${name} order by 1`);
      expect([name, ...rows.map(({ org_id }) => org_id)]).toEqual([name, ...[ours, theirs].toSorted()]);
    }
  });

  /** The tables in which an organization sees anything but its own row. */
  const leaks = () =>
    tenants.withOrg(ours, async (tx) => {
      const leaking: string[] = [];
      for (const { name } of tables) {
        const rows = await tx.$queryRawUnsafe<{ org_id: string }[]>(`select org_id::text from ${name}`);
        if (rows.length !== 1 || rows[0]?.org_id !== ours) leaking.push(name);
      }
      return leaking;
    });

  it('sees its own rows and no other, in every table', async () => {
    expect(await leaks()).toEqual([]);
  });

  it.each([
    ['alter table message disable row level security', 'alter table message enable row level security'],
    [
      'alter policy tenant_only on message using (true)',
      'alter policy tenant_only on message using (org_id = current_org())',
    ],
    [
      'alter policy tenant_only on message using (false)',
      'alter policy tenant_only on message using (org_id = current_org())',
    ],
  ])('would not, after: %s', async (change, back) => {
    await database.rows(change);
    expect(await leaks()).toEqual(['message']);
    await database.rows(back);
    expect(await leaks()).toEqual([]);
  });

  it('changes and deletes none but its own rows, in no table', async () => {
    for (const { name } of tables) {
      const changed = await tenants.withOrg(ours, async (tx) => [
        await tx.$executeRawUnsafe(`update ${name} set org_id = org_id`),
        await tx.$executeRawUnsafe(`update ${name} set org_id = org_id where org_id = '${theirs}'`),
        await tx.$executeRawUnsafe(`delete from ${name} where org_id = '${theirs}'`),
      ]);
      expect([name, ...changed]).toEqual([name, 1, 0, 0]);
    }
  });

  it('cannot give its rows to another, in any table', async () => {
    for (const { name } of tables) {
      const given = tenants.withOrg(ours, (tx) =>
        tx.$executeRawUnsafe(`update ${name} set org_id = '${theirs}' where org_id = '${ours}'`),
      );
      expect([name, await sqlStateOf(given)]).toEqual([name, NOT_ALLOWED]);
    }
  });

  it('cannot add rows for another, in any table', async () => {
    for (const { name, columns } of tables) {
      const [row] = await database.rows<{ row: unknown }>(
        `select row_to_json(t) as row from ${name} t where org_id = $1`,
        [theirs],
      );
      const add = (organizationId: string) =>
        sqlStateOf(
          tenants.withOrg(organizationId, (tx) =>
            tx.$executeRawUnsafe(
              `insert into ${name} (${columns}) select ${columns} from json_populate_record(null::${name}, $1::json)`,
              JSON.stringify(row?.row),
            ),
          ),
        );
      // the organization itself may try: the row is good, and there already
      expect([name, await add(ours), await add(theirs)]).toEqual([name, NOT_ALLOWED, TAKEN]);
    }
  });

  it('cannot refer to a row of another, by any foreign key', async () => {
    const references = await database.rows<{ name: string; text: string; change: string }>(
      `select k.conrelid::regclass::text as name, pg_get_constraintdef(k.oid) as text,
         format('update %s set %I = (select %I from %s where org_id = $2) where org_id = $1', k.conrelid::regclass, h.attname, t.attname,
           k.confrelid::regclass) as change
       from pg_constraint k cross join unnest(k.conkey, k.confkey) as pair (here, there)
         join pg_attribute h on h.attrelid = k.conrelid and h.attnum = pair.here
         join pg_attribute t on t.attrelid = k.confrelid and t.attnum = pair.there
       where k.contype = 'f' and h.attname <> 'org_id' and k.connamespace = 'public'::regnamespace and cardinality(k.conkey) > 1`,
    );
    expect(references.length).toBeGreaterThan(10);
    for (const { name, text, change } of references) {
      // the superuser is not held back by a policy: the key itself must refuse
      expect([name, text, await sqlStateOf(database.rows(change, [ours, theirs]))]).toEqual([
        name,
        text,
        NO_SUCH_ROW,
      ]);
    }
  });

  it('is refused by Prisma what it is refused by the database', async () => {
    const project = { orgId: theirs, id: newId(), name: newId() };
    expect(await sqlStateOf(tenants.withOrg(ours, (tx) => tx.project.create({ data: project })))).toBe(
      NOT_ALLOWED,
    );
    const found = await tenants.withOrg(ours, (tx) => tx.project.findMany({ where: { orgId: theirs } }));
    expect(found).toEqual([]);
  });

  it('is nobody outside its transaction: nothing is seen, nothing is added', async () => {
    for (const { name } of tables) {
      const seen = await count(`select from ${name}`);
      const changed = await count(`update ${name} set org_id = org_id`);
      expect([name, seen, changed, await count(`delete from ${name}`)]).toEqual([name, 0, 0, 0]);
    }
    const insert = pool.query('insert into project (org_id, id, name) values ($1, $2, $3)', [
      ours,
      newId(),
      newId(),
    ]);
    expect(await sqlStateOf(insert)).toBe(NOT_ALLOWED);
  });

  it('would be found if it stayed on the connection', async () => {
    await pool.query(`select set_config('app.org_id', $1, false)`, [ours]);
    expect(await isOutside()).toBe(false);
    await pool.query('reset app.org_id');
    expect(await isOutside()).toBe(true);
  });

  it('leaves nothing of itself on the connection', async () => {
    await tenants.withOrg(ours, (tx) => tx.project.count());
    expect(await isOutside()).toBe(true);
    expect(await count('select from project')).toBe(0);
  });

  it('leaves nothing of itself on the connection after an error of ours', async () => {
    const work = tenants.withOrg(ours, async (tx) => {
      await tx.project.count();
      throw new Error('of ours');
    });
    await expect(work).rejects.toThrow('of ours');
    expect(await isOutside()).toBe(true);
  });

  it('leaves nothing of itself on the connection after an error of the database', async () => {
    expect(await sqlStateOf(tenants.withOrg(ours, (tx) => tx.$executeRawUnsafe('select 1/0')))).toBe('22012');
    expect(await isOutside()).toBe(true);
    await expect(tenants.withOrg('no organization', (tx) => tx.project.count())).rejects.toThrow('uuid');
    expect(await isOutside()).toBe(true);
  });

  it('is alone in its transaction, also beside others at the same time', async () => {
    const wide = createPool({ url: database.url('hg_gateway'), size: 4, name: 'test' });
    const both = new TenantDatabase(wide);
    const seen = await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        both.withOrg(index % 2 ? ours : theirs, async (tx) => {
          const projects = await tx.project.findMany({ select: { orgId: true } });
          await tx.$executeRaw`select pg_sleep(0.002)`;
          return [...projects, ...(await tx.flow.findMany({ select: { orgId: true } }))].map(
            ({ orgId }) => orgId,
          );
        }),
      ),
    );
    expect(seen).toEqual(seen.map((_, index) => Array(2).fill(index % 2 ? ours : theirs)));
    await both.close();
    await wide.end();
  });
});
