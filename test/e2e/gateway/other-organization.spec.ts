import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { type Tenant, TestRing } from '#libs/testing';
import { namesOf, ROUTE_CASES, send } from './route-cases.ts';
import { tenantState } from './tenant-state.ts';
import { type Listed, makeWorld, type RunView, type World, withoutRequest } from './world.ts';

const bytesOf = (body: unknown) => JSON.stringify(withoutRequest(body));

describe('another organization', () => {
  let ring: TestRing;
  let own: Tenant;
  let other: Tenant;
  let ours: World;
  let theirs: World;
  beforeAll(async () => {
    ring = await TestRing.start();
    own = await ring.tenant();
    other = await ring.tenant();
    ours = await makeWorld(own);
    theirs = await makeWorld(other, 'theirs');
  });
  afterAll(() => ring.dispose());

  it('cannot be told from what does not exist, wherever one of its ids is named', async () => {
    const before = await tenantState(ring, other.organizationId);
    let asked = 0;
    for (const one of ROUTE_CASES) {
      for (const name of namesOf(one)) {
        const foreign = await send(own.api, one, { ...ours, [name]: theirs[name] });
        const unknown = await send(own.api, one, { ...ours, [name]: newId() });
        expect([one.route, name, foreign.status]).toEqual([one.route, name, 404]);
        expect(foreign.body['code']).toBe('resource.not_found');
        expect(bytesOf(foreign.body)).toBe(bytesOf(unknown.body));
        const headersOf = ({ headers }: typeof foreign) =>
          [...headers.keys()].filter((header) => header !== 'date').sort();
        expect(headersOf(foreign)).toEqual(headersOf(unknown));
        asked += 1;
      }
    }
    expect(asked).toBeGreaterThan(20);
    expect(await tenantState(ring, other.organizationId)).toBe(before);
  });

  it('is as closed to a key, and to a name', async () => {
    const key = ring.client(ours.token);
    for (const [foreign, unknown] of [
      [`/v1/deployments/${theirs.deploymentId}/runs`, `/v1/deployments/${newId()}/runs`],
      ['/v1/deployments/theirs/runs', '/v1/deployments/nobodys/runs'],
      [`/v1/runs/${theirs.runId}/cancel`, `/v1/runs/${newId()}/cancel`],
    ]) {
      for (const client of [key, own.api]) {
        const answer = await client.post(foreign ?? '');
        expect(answer.status).toBe(404);
        expect(bytesOf(answer.body)).toBe(bytesOf((await client.post(unknown ?? '')).body));
      }
    }
    expect((await key.get(`/v1/runs/${theirs.runId}`)).status).toBe(404);
    expect((await key.get(`/v1/runs/${theirs.runId}/events`, { accept: 'text/event-stream' })).status).toBe(
      404,
    );
  });

  it('is in no list, whatever the list is filtered by', async () => {
    const lists = ['/v1/projects', '/v1/deployments', '/v1/keys', '/v1/runs'];
    for (const path of lists) {
      const { body } = await own.api.get<Listed<{ id: string }>>(`${path}?limit=200`);
      expect(body.data.length).toBeGreaterThan(0);
      const foreign = [theirs.projectId, theirs.deploymentId, theirs.keyId, theirs.runId];
      expect(body.data.filter(({ id }) => foreign.includes(id))).toEqual([]);
    }
    const filtered = await own.api.get<Listed<RunView>>(`/v1/runs?deploymentId=${theirs.deploymentId}`);
    expect(filtered.body).toEqual({ data: [], nextCursor: null });
    const within = await own.api.get<Listed<unknown>>(`/v1/deployments?projectId=${theirs.projectId}`);
    expect(within.body).toEqual({ data: [], nextCursor: null });
  });

  it('has names of its own: the same name in both is no collision', async () => {
    const { status } = await other.api.post('/v1/projects', { name: 'only here' });
    expect(status).toBe(201);
    expect((await own.api.post('/v1/projects', { name: 'only here' })).status).toBe(201);
  });
});
