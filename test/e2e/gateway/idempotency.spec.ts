import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { type Answer, chain, chatInput, chatOutput, prompt, type Tenant, TestRing } from '#libs/testing';
import { pathOf, ROUTE_CASES, type RouteCase } from './route-cases.ts';
import { makeWorld, type World } from './world.ts';

interface Made {
  id: string;
  token?: string;
  code: string;
}

const CREATING = ROUTE_CASES.filter(({ method, body }) => method === 'POST' && body);
const TABLES: Record<string, string> = {
  CreateProjectAction: 'project',
  CreateFlowAction: 'flow',
  CreateVersionAction: 'version',
  CreateDeploymentAction: 'deployment',
  CreateVariableAction: 'variable',
  CreateKeyAction: 'api_key',
  CreateRunAction: 'run',
};

describe('an Idempotency-Key', () => {
  let ring: TestRing;
  let tenant: Tenant;
  let world: World;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
    world = await makeWorld(tenant);
  });
  afterAll(() => ring.dispose());

  const post = (one: RouteCase, body: unknown, key: string, api = tenant.api): Promise<Answer<Made>> =>
    api.post<Made>(pathOf(one, world), body, { 'idempotency-key': key });
  /** A body that makes something new each time it is not a repetition. */
  const bodyOf = (one: RouteCase) => {
    if (one.action !== 'CreateVersionAction') return one.body?.(world) as Record<string, unknown>;
    const text = `${newId()} {in}`;
    return { definition: chain(chatInput(), prompt('Prompt-1', text, ['in']), chatOutput()) };
  };
  const count = async (one: RouteCase) =>
    (await ring.rows(`select from ${TABLES[one.action]} where org_id = $1`, [tenant.organizationId])).length;

  it('is for all that is made here', () => {
    expect(CREATING.map(({ action }) => action).sort()).toEqual(Object.keys(TABLES).sort());
  });

  it.each(CREATING)('gives the same thing for the same body: $route', async (one) => {
    const key = newId();
    const body = bodyOf(one);
    const before = await count(one);
    const first = await post(one, body, key);
    const second = await post(one, body, key);
    // the order of members is no other body
    const third = await post(one, Object.fromEntries(Object.entries(body).reverse()), key);
    expect(Math.floor(first.status / 100)).toBe(2);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    for (const again of [second, third]) {
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      expect(again.body.id).toBe(first.body.id);
      expect(again.status).toBe(one.action === 'CreateKeyAction' ? 200 : first.status);
    }
    expect(await count(one)).toBe(before + 1);
  });

  it.each(CREATING)('refuses another body: $route', async (one) => {
    const key = newId();
    await post(one, bodyOf(one), key);
    const before = await count(one);
    const other = one.action === 'CreateRunAction' ? { input: 'other' } : bodyOf(one);
    const { status, body } = await post(one, other, key);
    expect([status, body.code]).toEqual([422, 'idempotency.key_reused']);
    expect(await count(one)).toBe(before);
  });

  it.each(CREATING)('makes one thing of thirty requests at once: $route', async (one) => {
    const key = newId();
    const body = bodyOf(one);
    const before = await count(one);
    const answers = await Promise.all(Array.from({ length: 30 }, () => post(one, body, key)));
    expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
    const replayed = answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true');
    expect(replayed).toHaveLength(29);
    expect(await count(one)).toBe(before + 1);
  });

  it('never shows a token again', async () => {
    const one = CREATING.find(({ action }) => action === 'CreateKeyAction');
    if (!one) throw new Error('keys are made here');
    const key = newId();
    const body = bodyOf(one);
    const first = await post(one, body, key);
    const again = await post(one, body, key);
    expect([first.status, again.status]).toEqual([201, 200]);
    const { token, ...rest } = first.body;
    expect(token).toMatch(/^hgf_/);
    expect(again.body).toEqual(rest);
  });

  it('is the principal’s own, the route’s own and the organization’s own', async () => {
    const key = newId();
    const one = CREATING.find(({ action }) => action === 'CreateRunAction');
    const other = CREATING.find(({ action }) => action === 'CreateProjectAction');
    if (!one || !other) throw new Error('runs and projects are made here');
    const body = { input: 'same' };
    const colleague = await tenant.member('runner');
    const ids = [
      (await post(one, body, key)).body.id,
      (await post(one, body, key, colleague)).body.id,
      (await post(one, body, key, ring.client(world.token))).body.id,
      (await post(other, bodyOf(other), key)).body.id,
    ];
    expect(new Set(ids).size).toBe(4);
    expect(ids).not.toContain(undefined);
    const elsewhere = await ring.tenant();
    const { status } = await elsewhere.api.post('/v1/projects', { name: 'x' }, { 'idempotency-key': key });
    expect(status).toBe(201);
  });

  it('is free again where the request was refused', async () => {
    const key = newId();
    const headers = { 'idempotency-key': key };
    expect((await tenant.api.post('/v1/projects', { name: 'main' }, headers)).status).toBe(409);
    const made = await tenant.api.post('/v1/projects', { name: `n-${key}` }, headers);
    expect([made.status, made.headers.get('idempotency-replayed')]).toEqual([201, null]);
  });

  it('counts for a day', async () => {
    for (const one of CREATING.filter(({ action }) => /Run|Project/.test(action))) {
      const key = newId();
      const first = await post(one, bodyOf(one), key);
      await ring.rows(`update idempotency set created_at = now() - interval '25 hours' where key = $1`, [
        key,
      ]);
      const later = await post(one, bodyOf(one), key);
      expect(later.headers.get('idempotency-replayed')).toBeNull();
      expect(later.body.id).not.toBe(first.body.id);
    }
  });

  it('does not mind in which form the answer is wanted', async () => {
    const path = `/v1/deployments/${world.deploymentId}/runs`;
    const headers = { 'idempotency-key': newId() };
    const first = await tenant.api.post<Made>(path, { input: 'x' }, headers);
    expect(first.status).toBe(202);
    const waited = await tenant.api.post<Made & { status: string }>(
      path,
      { input: 'x' },
      { ...headers, prefer: 'wait=20' },
    );
    expect([waited.status, waited.body.id, waited.body.status]).toEqual([200, first.body.id, 'succeeded']);
    expect(waited.headers.get('idempotency-replayed')).toBe('true');
    const { response, events } = await tenant.api.stream(path, {
      method: 'POST',
      body: { input: 'x' },
      headers,
    });
    expect(response.headers.get('idempotency-replayed')).toBe('true');
    expect(response.headers.get('headgate-run-id')).toBe(first.body.id);
    const types: string[] = [];
    for await (const { type } of events) types.push(type);
    expect([types[0], types.at(-2), types.at(-1)]).toEqual(['run.queued', 'run.succeeded', 'end']);
  });

  it('holds 1 to 255 printable characters', async () => {
    const send = (key: string) =>
      tenant.api.post('/v1/projects', { name: newId() }, { 'idempotency-key': key });
    expect((await send('x'.repeat(255))).status).toBe(201);
    for (const key of ['', 'x'.repeat(256), 'a\tb', 'ä']) {
      const { status, body } = await send(key);
      expect([key, status, body.code]).toEqual([key, 400, 'request.invalid']);
    }
  });
});
