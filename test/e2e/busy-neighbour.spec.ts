import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sleepingFlow, type Tenant, TestRing, until } from '#libs/testing';
import type { RunView } from './gateway/world.ts';

/** Ample for a second of patience, the neighbour's last runs and the start of a runner. */
const WAIT_SECONDS = 8;

/** So different that there is no moment without a run. */
const LENGTHS_MS = [130, 170, 230, 310, 410, 530];

describe('an organization beside one that keeps the only runner busy', () => {
  let ring: TestRing;
  let busy: Tenant;
  let quiet: Tenant;
  beforeAll(async () => {
    ring = await TestRing.start({ maxRunners: 1 });
    [busy, quiet] = await Promise.all([ring.tenant(), ring.tenant()]);
    for (const forMs of LENGTHS_MS) await busy.deploy(`${forMs}`, sleepingFlow(forMs));
    await quiet.deploy('short', sleepingFlow(100));
  });
  afterAll(() => ring.dispose());

  it('has its turn, and so has the other again', async () => {
    let isOver = false;
    const statuses: string[] = [];
    const call = async ({ api }: Tenant, deployment: string) =>
      (await api.post<RunView>(`/v1/deployments/${deployment}/runs?wait=${WAIT_SECONDS}`, { input: 'hi' }))
        .body.status;
    const callAndCall = async (forMs: number) => {
      while (!isOver) statuses.push(await call(busy, `${forMs}`));
    };
    const calling = Promise.all(LENGTHS_MS.map(callAndCall));
    await until('it is busy', () => statuses.length > 2);
    const turns = [await call(quiet, 'short'), await call(quiet, 'short')];
    isOver = true;
    await calling;
    expect(turns).toEqual(['succeeded', 'succeeded']);
    expect(statuses.filter((status) => status !== 'succeeded')).toEqual([]);
  });
});
