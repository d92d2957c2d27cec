import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { echoFlow, TestRing } from '#libs/testing';

describe('a ring at work', () => {
  let ring: TestRing;
  beforeAll(async () => {
    ring = await TestRing.start();
    const tenant = await ring.tenant();
    const { token } = await tenant.deploy('echo', echoFlow());
    const { status } = await ring
      .client(token)
      .post('/v1/deployments/echo/runs', { input: 'hello' }, { prefer: 'wait=10' });
    expect(status).toBe(200);
  });
  afterAll(() => ring.dispose());

  it('has a login for each kind of work, and never the owner’s or the administrator’s', async () => {
    const connections = await ring.rows<{ login: string }>(
      `select distinct usename as login from pg_stat_activity
       where datname = current_database() and application_name like 'headgate-%'
           and application_name <> 'headgate-test' order by 1`,
    );
    expect(connections.map(({ login }) => login)).toEqual([
      'hg_auth',
      'hg_conductor',
      'hg_gateway',
      'hg_recorder',
    ]);
  });
});
