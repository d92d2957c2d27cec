import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { SqlDatabase } from '#libs/testing';
import type { Prisma } from './generated/client.ts';
import type { Pool } from './pool.ts';
import { TenantDatabase } from './tenant-database.ts';
import { isForeignKeyViolation, isUniqueViolation } from './violations.ts';

describe('an error of the database', () => {
  let database: SqlDatabase;
  let pool: Pool;
  let tenants: TenantDatabase;
  const orgId = newId();
  beforeAll(async () => {
    database = await SqlDatabase.create();
    pool = database.pool('hg_gateway');
    tenants = new TenantDatabase(pool);
    await database.rows('insert into organization (org_id, name) values ($1, $2)', [orgId, 'ours']);
  });
  afterAll(async () => {
    await tenants.close();
    await database.dispose();
  });

  const errorOf = (work: Promise<unknown>) =>
    work.then(
      () => undefined,
      (cause: unknown) => cause,
    );
  const within = (work: (tx: Prisma.TransactionClient) => Promise<unknown>) =>
    errorOf(tenants.withOrg(orgId, work));
  const project = () => ({ orgId, id: newId(), name: newId() });
  const flowOf = (projectId: string) => ({ orgId, id: newId(), projectId, name: newId() });

  it('is known for a name that is taken', async () => {
    const first = project();
    const taken = await within(async (tx) => {
      await tx.project.create({ data: first });
      await tx.project.create({ data: { ...project(), name: first.name } });
    });
    expect([isUniqueViolation(taken), isForeignKeyViolation(taken)]).toEqual([true, false]);
  });

  it('is known for a row that does not exist', async () => {
    const missing = await within((tx) => tx.flow.create({ data: flowOf(newId()) }));
    expect([isUniqueViolation(missing), isForeignKeyViolation(missing)]).toEqual([false, true]);
  });

  it('is known for a row that is another organization’s', async () => {
    const theirs = newId();
    const foreign = newId();
    await database.rows('insert into organization (org_id, name) values ($1, $2)', [theirs, 'theirs']);
    await database.rows('insert into project (org_id, id, name) values ($1, $2, $3)', [theirs, foreign, 'p']);
    expect(isForeignKeyViolation(await within((tx) => tx.flow.create({ data: flowOf(foreign) })))).toBe(true);
  });

  it('is no violation for anything else', async () => {
    const other = await within((tx) => tx.project.create({ data: { ...project(), orgId: newId() } }));
    for (const error of [other, new Error('P2002'), undefined]) {
      expect([isUniqueViolation(error), isForeignKeyViolation(error)]).toEqual([false, false]);
    }
  });
});
