import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import {
  chain,
  chatInput,
  chatOutput,
  echoFlow,
  field,
  languageModel,
  prompt,
  type Tenant,
  TestRing,
} from '#libs/testing';
import type { Listed, RunView } from './world.ts';

interface Made {
  id: string;
  latestVersion: { id: string };
  code: string;
}

interface Deployment {
  id: string;
  release: { id: string; number: number; reason: string; traffic: object[] } | null;
  code: string;
  detail: string;
  missing: string[];
}

const templated = (template: string) =>
  chain(chatInput(), prompt('Prompt-1', template, ['in']), chatOutput());

describe('deployments', () => {
  let ring: TestRing;
  let tenant: Tenant;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
  });
  afterAll(() => ring.dispose());

  const makeFlow = async (definition: object = echoFlow(), projectId = tenant.projectId) => {
    const { body } = await tenant.api.post<Made>(`/v1/projects/${projectId}/flows`, {
      name: `flow-${newId()}`,
      definition,
    });
    return { id: body.id, versionId: body.latestVersion.id };
  };
  const traffic = (versionId: string, basisPoints = 10_000) => [{ versionId, basisPoints }];
  const create = (body: object) =>
    tenant.api.post<Deployment>('/v1/deployments', {
      environmentId: tenant.environmentId,
      name: `d-${newId().slice(-12)}`,
      ...body,
    });
  const release = (id: string, versionId: string, more: object = {}) =>
    tenant.api.patch<Deployment>(`/v1/deployments/${id}`, { traffic: traffic(versionId), ...more });

  it('may begin without a version, and with one they have their first release', async () => {
    const { id: flowId, versionId } = await makeFlow();
    const bare = await create({ flowId, name: 'bare' });
    expect(bare.status).toBe(201);
    expect(bare.body).toEqual({
      id: expect.any(String),
      projectId: tenant.projectId,
      environmentId: tenant.environmentId,
      environment: 'development',
      flowId,
      name: 'bare',
      release: null,
      createdAt: expect.any(String),
    });
    const { status, body } = await create({ flowId, traffic: traffic(versionId) });
    expect(status).toBe(201);
    expect(body.release).toMatchObject({ number: 1, reason: '', traffic: traffic(versionId) });
    expect((await tenant.api.get(`/v1/deployments/${body.id}`)).body).toEqual(body);
  });

  it('take each change as a release, which new runs follow at once', async () => {
    const { id: flowId, versionId } = await makeFlow(templated('old {in}'));
    const { body: made } = await create({ flowId, name: 'changing', traffic: traffic(versionId) });
    const run = async () =>
      (await tenant.api.post<RunView>('/v1/deployments/changing/runs?wait=20', { input: 'x' })).body;
    expect((await run()).output?.text).toBe('old x');
    const next = await tenant.api.post<Made>(`/v1/flows/${flowId}/versions`, {
      definition: templated('new {in}'),
    });
    const changed = await release(made.id, next.body.id, { reason: 'newer' });
    expect(changed.body.release).toMatchObject({
      number: 2,
      reason: 'newer',
      traffic: traffic(next.body.id),
    });
    const after = await run();
    expect([after.versionId, after.output?.text]).toEqual([next.body.id, 'new x']);
    const back = await release(made.id, versionId);
    expect(back.body.release).toMatchObject({ number: 3, traffic: traffic(versionId) });
    expect((await run()).output?.text).toBe('old x');
  });

  it('number releases without a gap when many come at once', async () => {
    const { id: flowId, versionId } = await makeFlow();
    const { body: made } = await create({ flowId });
    const answers = await Promise.all(Array.from({ length: 8 }, () => release(made.id, versionId)));
    expect(answers.map(({ body }) => body.release?.number).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('have a name that no other of the environment has', async () => {
    const { id: flowId } = await makeFlow();
    await create({ flowId, name: 'taken' });
    const { status, body } = await create({ flowId, name: 'taken' });
    expect([status, body.code]).toEqual([409, 'deployment.name_taken']);
  });

  it('refuse a name that looks like an id or does not fit into a path', async () => {
    const { id: flowId } = await makeFlow();
    for (const name of [newId(), newId().toUpperCase(), 'a/b', 'a@b', '.a', 'a b', 'ä', '', 'x'.repeat(81)]) {
      const { status, body } = await create({ flowId, name });
      expect([name, status, body.code]).toEqual([name, 400, 'request.invalid']);
    }
  });

  it('refuse a version of another flow', async () => {
    const [flow, other] = await Promise.all([makeFlow(), makeFlow()]);
    const created = await create({ flowId: flow.id, name: 'foreign', traffic: traffic(other.versionId) });
    expect([created.status, created.body.code]).toEqual([422, 'deployment.version_foreign']);
    const { body: made } = await create({
      flowId: flow.id,
      name: 'foreign',
      traffic: traffic(flow.versionId),
    });
    const changed = await release(made.id, other.versionId);
    expect([changed.status, changed.body.code]).toEqual([422, 'deployment.version_foreign']);
    expect((await tenant.api.get<Deployment>(`/v1/deployments/${made.id}`)).body.release).toEqual(
      made.release,
    );
  });

  it('refuse a flow of another project', async () => {
    const other = await tenant.api.post<Made>('/v1/projects', { name: 'other' });
    const flow = await makeFlow(echoFlow(), other.body.id);
    const { status, body } = await create({ flowId: flow.id });
    expect([status, body.code]).toEqual([422, 'deployment.flow_foreign']);
  });

  it('refuse a version while variables that it needs are missing, and list them', async () => {
    const model = languageModel('Model-1', { system_message: field('str', 'TONE', { load_from_db: true }) });
    const { id: flowId, versionId } = await makeFlow(chain(chatInput(), model, chatOutput()));
    const refused = await create({ flowId, name: 'needy', traffic: traffic(versionId) });
    expect([refused.status, refused.body.code]).toEqual([422, 'variable.missing']);
    expect([...refused.body.missing].sort()).toEqual(['OPENAI_API_KEY', 'TONE']);
    expect(refused.body.detail).toContain('OPENAI_API_KEY');
    const { body: made } = await create({ flowId, name: 'needy' });
    const { environmentId } = tenant;
    await tenant.api.post(`/v1/projects/${tenant.projectId}/variables`, {
      environmentId,
      name: 'OPENAI_API_KEY',
      secret: true,
      value: 'sk-of-a-test',
      allowedHosts: ['api.openai.com'],
    });
    expect((await release(made.id, versionId)).body.missing).toEqual(['TONE']);
    await tenant.api.post(`/v1/projects/${tenant.projectId}/variables`, {
      environmentId,
      name: 'TONE',
      value: 'kind',
    });
    expect((await release(made.id, versionId)).body.release?.number).toBe(1);
  });

  it('take one version with the whole of the traffic, for now', async () => {
    const { id: flowId, versionId } = await makeFlow();
    for (const given of [[], traffic(versionId, 5_000), [...traffic(versionId), ...traffic(versionId)]]) {
      const { status, body } = await create({ flowId, traffic: given });
      expect([status, body.code]).toEqual([400, 'request.invalid']);
    }
  });

  it('are listed by project', async () => {
    const other = await ring.tenant();
    const { body: empty } = await tenant.api.post<Made>('/v1/projects', { name: 'empty' });
    const list = async (projectId: string) =>
      (
        await tenant.api.get<Listed<{ projectId: string }>>(
          `/v1/deployments?projectId=${projectId}&limit=200`,
        )
      ).body.data;
    expect(await list(empty.id)).toEqual([]);
    expect(await list(other.projectId)).toEqual([]);
    const own = await list(tenant.projectId);
    expect(own.length).toBeGreaterThan(3);
    expect(new Set(own.map(({ projectId }) => projectId))).toEqual(new Set([tenant.projectId]));
  });
});
