import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createPool, type Pool } from '#libs/database';
import { newId } from '#libs/kernel';
import { RunAcceptor } from '#libs/runs';
import { SqlRuns, sqlStateOf } from '#libs/testing';

/** The one other statement that sets an organization. */
describe('the organization of a run that is accepted', () => {
  let runs: SqlRuns;
  let pool: Pool;
  let acceptor: RunAcceptor;
  beforeAll(async () => {
    runs = await SqlRuns.create();
    pool = createPool({ url: runs.database.url('hg_gateway'), size: 1, name: 'test' });
    acceptor = new RunAcceptor(pool);
  });
  afterAll(async () => {
    await pool.end();
    await runs.dispose();
  });

  const left = async () =>
    (await pool.query<{ org: string | null }>(`select current_setting('app.org_id', true) as org`)).rows[0]
      ?.org;
  const visible = async () => (await pool.query('select from run')).rowCount;

  it('is gone from the connection afterwards', async () => {
    await acceptor.accept(runs.newRun());
    expect([(await left()) ?? '', await visible()]).toEqual(['', 0]);
  });

  it('is gone after runs of several organizations in one statement', async () => {
    const stranger = newId();
    await runs.addOrganization(stranger);
    const given = [runs.newRun(), runs.newRun(), runs.newRun({ organizationId: stranger })];
    await Promise.all(given.map((run) => acceptor.accept(run)));
    expect([(await left()) ?? '', await visible()]).toEqual(['', 0]);
  });

  it('is gone after an error in it', async () => {
    const taken = runs.newRun();
    await acceptor.accept(taken);
    expect(await sqlStateOf(acceptor.accept(taken))).toBe('23505');
    expect([(await left()) ?? '', await visible()]).toEqual(['', 0]);
  });
});
