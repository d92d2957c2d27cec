import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sleepingFlow, type Tenant, TestRing, until } from '#libs/testing';
import { poolsOf } from './pools.ts';
import type { RunView } from './world.ts';

const WAITERS = 500;

describe('five hundred callers that wait, and a pool of five', () => {
  let ring: TestRing;
  let tenant: Tenant;
  beforeAll(async () => {
    ring = await TestRing.start({ poolSize: 5, maxRunners: 8 });
    tenant = await ring.tenant();
    await tenant.deploy('sleeps', sleepingFlow(1_500));
  });
  afterAll(() => ring.dispose());

  it('are all answered, and hold no connection while they wait', async () => {
    const pools = poolsOf(ring);
    const [gatewayPool] = pools;
    expect(gatewayPool?.options.max).toBe(5);
    let answered = 0;
    const waiting = Array.from({ length: WAITERS }, async (_, index) => {
      const input = `caller ${index}`;
      const answer = await tenant.api.post<RunView>('/v1/deployments/sleeps/runs?wait=60', { input });
      answered += 1;
      return { ...answer, input };
    });
    await until(
      'all are accepted',
      async () => (await ring.rows('select from run')).length === WAITERS,
      30_000,
    );
    const inUse = () =>
      pools.reduce((sum, pool) => sum + pool.totalCount - pool.idleCount + pool.waitingCount, 0);
    await until('nothing is asked of the database', () => inUse() === 0);
    expect(answered).toBeLessThan(WAITERS);
    // while they wait there is room for others
    const began = performance.now();
    expect((await tenant.api.get('/v1/projects')).status).toBe(200);
    expect(performance.now() - began).toBeLessThan(5_000);

    const answers = await Promise.all(waiting);
    for (const { status, body, input } of answers) {
      expect([status, body.status]).toEqual([200, 'succeeded']);
      expect([body.input, body.output?.text]).toEqual([input, input]);
    }
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(WAITERS);
  }, 60_000);
});
