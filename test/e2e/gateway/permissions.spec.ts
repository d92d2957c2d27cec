import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KEY_SCOPES, type KeyScope, ROLES } from '#libs/domain';
import { type ApiClient, type Tenant, TestRing } from '#libs/testing';
import { namesOf, ROUTE_CASES, send } from './route-cases.ts';
import { tenantState } from './tenant-state.ts';
import { endedRun, makeWorld, type RunView, type World } from './world.ts';

describe('what a role or a key may do', () => {
  let ring: TestRing;
  let tenant: Tenant;
  let world: World;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
    world = await makeWorld(tenant);
  });
  afterAll(() => ring.dispose());

  const keyWith = async (scopes: readonly KeyScope[], deploymentIds = [world.deploymentId]) => {
    const body = { name: scopes.join(' '), kind: 'flow', deploymentIds, scopes };
    const made = await tenant.api.post<{ id: string; token: string }>('/v1/keys', body);
    return ring.client(made.body.token);
  };
  const ownRun = async (client: ApiClient) => {
    const { body } = await client.post<RunView>(`/v1/deployments/${world.deployment}/runs`, {
      input: 'mine',
    });
    await endedRun(tenant.api, body.id);
    return body.id;
  };

  it('a runner may what its role says, and is told 403 everywhere else, without any effect', async () => {
    const runner = await tenant.member('runner');
    const own = { ...world, runId: await ownRun(runner) };
    for (const one of ROUTE_CASES) {
      const isAllowed = (ROLES.runner as readonly string[]).includes(one.needs);
      const before = isAllowed ? '' : await tenantState(ring, tenant.organizationId);
      const { status, body } = await send(runner, one, own);
      expect([one.method, one.route, status < 300]).toEqual([one.method, one.route, isAllowed]);
      if (isAllowed) continue;
      expect(body).toMatchObject({ status: 403, code: 'permission.denied' });
      expect(body['detail']).toContain(one.needs);
      expect(await tenantState(ring, tenant.organizationId)).toBe(before);
    }
  });

  it('a runner sees the runs it started and no others', async () => {
    const runner = await tenant.member('runner');
    const mine = await ownRun(runner);
    const { body } = await runner.get<{ data: RunView[] }>('/v1/runs');
    expect(body.data.map((run) => run.id)).toEqual([mine]);
    for (const path of ['', '/events', '/trace']) {
      expect((await runner.get(`/v1/runs/${world.runId}${path}`)).status).toBe(404);
      expect((await runner.get(`/v1/runs/${mine}${path}`)).status).toBe(200);
    }
    expect((await runner.post(`/v1/runs/${world.runId}/cancel`)).status).toBe(404);
    expect((await tenant.api.get(`/v1/runs/${mine}`)).status).toBe(200);
  });

  it.each(KEY_SCOPES)('a key with %s alone may that and nothing else', async (scope) => {
    const all = await keyWith(KEY_SCOPES);
    const key = await keyWith([scope]);
    const runId = scope === 'run:create' ? await ownRun(key) : await ownRun(all);
    for (const one of ROUTE_CASES) {
      const holds = one.needs === scope || (scope === 'run:read_all' && one.needs === 'run:read');
      const { status, body } = await send(key, one, { ...world, runId });
      if (!holds) expect([one.route, status, body['code']]).toEqual([one.route, 403, 'permission.denied']);
      // another key's run is not there for a key that sees its own
      else if (scope !== 'run:read_all' && namesOf(one).includes('runId'))
        expect([one.route, status]).toEqual([one.route, 404]);
      else expect([one.route, Math.floor(status / 100)]).toEqual([one.route, 2]);
    }
  });

  it('a key that reads sees the runs it made, and with run:read_all all of its deployments and of no other', async () => {
    const second = await makeWorld(tenant, 'second');
    const maker = await keyWith(['run:create', 'run:read']);
    const other = await keyWith(['run:read']);
    const seesAll = await keyWith(['run:read_all']);
    const runId = await ownRun(maker);
    const listed = async (client: ApiClient) =>
      (await client.get<{ data: RunView[] }>('/v1/runs?limit=200')).body.data.map((run) => run.id);
    expect(await listed(maker)).toEqual([runId]);
    expect(await listed(other)).toEqual([]);
    expect(await listed(seesAll)).toEqual(expect.arrayContaining([runId, world.runId]));
    expect(await listed(seesAll)).not.toContain(second.runId);
    expect((await seesAll.get(`/v1/runs/${runId}`)).status).toBe(200);
    expect((await seesAll.get(`/v1/runs/${second.runId}`)).status).toBe(404);
    expect((await other.get(`/v1/runs/${runId}`)).status).toBe(404);
  });

  it('a key finds no deployment outside its set, by id or by name', async () => {
    const third = await makeWorld(tenant, 'third');
    const both = await keyWith(['run:create'], [world.deploymentId, third.deploymentId]);
    const one = await keyWith(['run:create']);
    for (const ref of [third.deploymentId, 'third', 'third@development']) {
      expect((await both.post(`/v1/deployments/${ref}/runs`)).status).toBe(202);
      const { status, body } = await one.post(`/v1/deployments/${ref}/runs`);
      expect([status, body.code]).toEqual([404, 'resource.not_found']);
    }
  });
});
