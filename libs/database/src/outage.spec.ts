import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { SqlDatabase, until } from '#libs/testing';
import { isOutage, isRefusal } from './outage.ts';
import { createPool, type Pool } from './pool.ts';
import { TenantDatabase, type TenantTransaction } from './tenant-database.ts';

const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
const judged = (error: unknown) => ({ isOutage: isOutage(error), isRefusal: isRefusal(error) });
const OUTAGE = { isOutage: true, isRefusal: false };
const REFUSAL = { isOutage: false, isRefusal: true };
const NEITHER = { isOutage: false, isRefusal: false };

/** As Prisma wraps what its adapter made of an error of the driver. */
const ofPrisma = (code: string, cause: object) =>
  Object.assign(new Error(`Invalid invocation\n\n${code}`), {
    code,
    meta: { modelName: 'Run', driverAdapterError: Object.assign(new Error('of the adapter'), { cause }) },
  });

describe('an error', () => {
  it.each<[string, unknown]>([
    ['the server ends the connection', { code: '57P01', severity: 'FATAL' }],
    ['the server is shutting down', { code: '57P03' }],
    ['there is no room for a connection', { code: '53300' }],
    ['the connection fails', { code: '08006' }],
    ['two statements were in each other’s way', { code: '40P01' }],
    ['the server may only be read', { code: '25006' }],
    ['the other side closed', { code: 'ECONNRESET', syscall: 'read' }],
    ['it is written to a closed socket', { code: 'EPIPE', message: 'write EPIPE' }],
    ['nobody listens', { code: 'ECONNREFUSED' }],
    ['the name is not found', { code: 'ENOTFOUND' }],
    ['there is no socket file', { code: 'ENOENT', message: 'connect ENOENT /tmp/.s.PGSQL.5432' }],
    ['the connection ends by itself', new Error('Connection terminated unexpectedly')],
    [
      'a broken connection is used',
      new Error('Client has encountered a connection error and is not queryable'),
    ],
    ['a closed connection is used', new Error('Client was closed and is not queryable')],
    ['the pool has none in time', new Error('timeout exceeded when trying to connect')],
    ['none is made in time', new Error('Connection terminated due to connection timeout')],
    ['Prisma says where it was called', new Error('→ 12 tx.run.find(\n\nConnection terminated unexpectedly')],
    ['Prisma finds it closed', ofPrisma('P1017', { kind: 'ConnectionClosed' })],
    ['Prisma begins no transaction in time', ofPrisma('P2028', {})],
    ['Prisma’s raw query is ended', ofPrisma('P2010', { kind: 'postgres', originalCode: '57P01' })],
    ['Prisma’s query is ended', ofPrisma('P2039', { kind: 'postgres', originalCode: '57P01' })],
    ['Prisma’s raw query loses its socket', ofPrisma('P2010', { kind: 'ConnectionClosed' })],
    ['the adapter alone speaks', Object.assign(new Error('it'), { cause: { originalCode: '57P01' } })],
  ])('is an outage where %s', (_what, error) => {
    expect(judged(error)).toEqual(OUTAGE);
  });

  it.each<[string, unknown]>([
    ['a value does not fit', { code: '22P02' }],
    ['a row is there already', { code: '23505' }],
  ])('is a refusal where %s', (_what, error) => {
    expect(judged(error)).toEqual(REFUSAL);
  });

  it('of Prisma is no outage where the database refused', () => {
    expect(isOutage(ofPrisma('P2010', { kind: 'postgres', originalCode: '22P02' }))).toBe(false);
    expect(isOutage(ofPrisma('P2002', { kind: 'UniqueConstraintViolation' }))).toBe(false);
  });

  it.each<[string, unknown]>([
    ['a fault of ours', new TypeError("Cannot read properties of undefined (reading 'connection')")],
    ['a file that is not there', { code: 'ENOENT', message: "ENOENT: no such file, open 'x'" }],
    ['a full disk', { code: 'ENOSPC', message: 'ENOSPC: no space left on device, write' }],
    ['a number for a code', { code: 408, message: 'x' }],
    [
      'a circle',
      Object.defineProperty(new Error('x'), 'cause', {
        get(this: unknown) {
          return this;
        },
      }),
    ],
    ['nothing', undefined],
    ['a text', 'Connection terminated'],
  ])('is neither where it is %s', (_what, error) => {
    expect(judged(error)).toEqual(NEITHER);
  });
});

describe('a connection that is cut', () => {
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

  const cut = async () => {
    const ended = await database.rows(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and usename = 'hg_gateway'`,
    );
    expect(ended.length).toBeGreaterThan(0);
  };

  it('in the middle of a statement is an outage', async () => {
    const sleeping = errorOf(pool.query('select pg_sleep(10)'));
    await pool.query('select 1');
    await cut();
    expect(judged(await sleeping)).toEqual(OUTAGE);
  });

  it.each<[string, (tx: TenantTransaction) => Promise<unknown>]>([
    ['a query of a model', (tx) => tx.project.findMany()],
    ['a raw query', (tx) => tx.$queryRaw`select 1`],
    ['a raw statement', (tx) => tx.$executeRaw`select 1`],
    ['the commit', async () => undefined],
  ])('within a tenant’s transaction is an outage to %s', async (_what, next) => {
    const error = await errorOf(
      tenants.withOrg(orgId, async (tx) => {
        await cut();
        await next(tx);
      }),
    );
    expect(isOutage(error)).toBe(true);
    // others of the pool were cut too
    const count = () => tenants.withOrg(orgId, (tx) => tx.organization.count()).catch(() => undefined);
    expect(await until('the next one has a connection', count)).toBe(1);
  });

  it('does not end the process while it is between two owners', async () => {
    const client = await pool.connect();
    const ended = new Promise((resolve) => client.once('end', resolve));
    await cut();
    await ended;
    expect(judged(await errorOf(client.query('select 1')))).toEqual(OUTAGE);
    client.release();
    expect((await pool.query('select 1')).rowCount).toBe(1);
  });

  it('is an outage where none can be made', async () => {
    const nowhere = createPool({ url: 'postgresql://a:b@127.0.0.1:1/none', size: 1, name: 'test' });
    const without = new TenantDatabase(nowhere);
    expect(judged(await errorOf(nowhere.query('select 1')))).toEqual(OUTAGE);
    expect(isOutage(await errorOf(without.withOrg(orgId, async () => undefined)))).toBe(true);
    await without.close();
    await nowhere.end();
  });

  it('is not what a refused statement looks like', async () => {
    for (const statement of ['select 1/0', 'selec', 'select from app_user', `select 'a'::json`])
      expect([statement, judged(await errorOf(pool.query(statement)))]).toEqual([statement, REFUSAL]);
  });
});
