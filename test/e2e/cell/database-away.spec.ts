import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem } from '#libs/kernel';
import {
  ApiClient,
  echoFlow,
  KAFKA_WITHIN_MS,
  type Tenant,
  TestCell,
  twoStepFlow,
  until,
  withKafka,
} from '#libs/testing';
import type { RunView } from '../gateway/world.ts';
import { UnderLoad } from './under-load.ts';

/** In the long suite as long as an outage that somebody is called for. */
const AWAY_MS = process.env['HEADGATE_TEST_LONG'] ? 60_000 : 8_000;

withKafka(describe)('a cell whose database is away', () => {
  let cell: TestCell;
  let tenant: Tenant;
  let token: string;
  beforeAll(async () => {
    cell = await TestCell.create({ hasGate: true });
    await cell.startAll();
    tenant = await cell.tenant();
    ({ token } = await tenant.deploy('echo', echoFlow()));
    await tenant.deploy('slow', twoStepFlow(AWAY_MS / 2));
  }, KAFKA_WITHIN_MS);
  afterAll(() => cell.dispose(), 60_000);

  const begin = async (deployment: string) =>
    (await tenant.api.post<RunView>(`/v1/deployments/${deployment}/runs`, { input: 'hello' })).body.id;

  it('says so to callers, and goes on with what it has when the database is back', async () => {
    const running = await Promise.all(Array.from({ length: 3 }, () => begin('slow')));
    await until('they run', async () => {
      const rows = await cell.rows(`select from run_checkpoint where node_id = 'First-1'`);
      return rows.length === 3;
    });
    await cell.gate?.shut();
    const caller = new ApiClient(cell.gatewayUrl, token);
    const refused = await caller.post<Problem>('/v1/deployments/echo/runs', { input: 'hello' });
    expect([refused.status, refused.body.code]).toEqual([503, 'service.unavailable']);
    const load = new UnderLoad(cell, token);
    await sleep(AWAY_MS);
    await load.end();
    expect(cell.processes.filter(({ isUp }) => !isUp)).toEqual([]);
    expect([load.swollen, load.bad, load.accepted]).toEqual([[], [], []]);
    expect(load.refused).toBeGreaterThan(0);
    await cell.gate?.open();
    for (const id of running) {
      const run = await until(
        'the run ends',
        async () => {
          const { status, body } = await tenant.api.get<RunView>(`/v1/runs/${id}`);
          return status !== 200 || body.status === 'queued' || body.status === 'running' ? undefined : body;
        },
        60_000,
      );
      expect([run.status, run.attempt]).toEqual(['succeeded', 1]);
    }
    const after = await until('runs are taken again', async () => {
      const { status, body } = await caller.post<RunView>('/v1/deployments/echo/runs?wait=10', {
        input: 'hi',
      });
      return status === 200 && body;
    });
    expect(after.output?.text).toBe('hi');
  }, 180_000);
});
