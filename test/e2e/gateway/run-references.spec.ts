import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { echoFlow, type Tenant, TestRing } from '#libs/testing';
import type { Listed, RunView } from './world.ts';

interface Ambiguous {
  code: string;
  detail: string;
  candidates: { id: string; name: string; environment: string; projectId: string }[];
}

describe('the deployment that a run names', () => {
  let ring: TestRing;
  let tenant: Tenant;
  let second: { projectId: string; environmentId: string; deploymentId: string; token: string };
  let first: { id: string; token: string };
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
    first = await tenant.deploy('shared', echoFlow());
    await tenant.deploy('single', echoFlow());
    second = await deployElsewhere('shared');
  });
  afterAll(() => ring.dispose());

  /** The same name, in a project of its own. */
  const deployElsewhere = async (name: string) => {
    const { api } = tenant;
    const make = async <Body = { id: string }>(path: string, body: object) =>
      (await api.post<Body>(path, body)).body;
    const { id: projectId } = await make('/v1/projects', { name: `p-${newId()}` });
    const environments = await api.get<Listed<{ id: string }>>(`/v1/projects/${projectId}/environments`);
    const environmentId = environments.body.data[0]?.id ?? '';
    const flow = await make<{ id: string; latestVersion: { id: string } }>(
      `/v1/projects/${projectId}/flows`,
      {
        name,
        definition: echoFlow(),
      },
    );
    const traffic = [{ versionId: flow.latestVersion.id, basisPoints: 10_000 }];
    const deployment = await make('/v1/deployments', { flowId: flow.id, environmentId, name, traffic });
    const key = await make<{ token: string }>('/v1/keys', {
      name,
      kind: 'flow',
      deploymentIds: [deployment.id],
    });
    return { projectId, environmentId, deploymentId: deployment.id, token: key.token };
  };
  const start = (ref: string, query = '', api = tenant.api) =>
    api.post<RunView & Ambiguous>(`/v1/deployments/${ref}/runs${query}`, { input: 'x' });
  const deploymentOf = async (ref: string, query = '', api = tenant.api) => {
    const { status, body } = await start(ref, query, api);
    return status === 202 ? body.deploymentId : body.code;
  };

  it('is found by its id, its name, or its name and environment', async () => {
    const single = await deploymentOf('single');
    expect(await deploymentOf('single@development')).toBe(single);
    expect(await deploymentOf(single)).toBe(single);
    expect(await deploymentOf(single.toUpperCase())).toBe(single);
    expect(await deploymentOf('single', `?projectId=${tenant.projectId}`)).toBe(single);
  });

  it('is ambiguous where more than one has the name, and the candidates are shown', async () => {
    for (const ref of ['shared', 'shared@development']) {
      const { status, body } = await start(ref);
      expect([status, body.code]).toEqual([409, 'deployment.ambiguous']);
      expect(body.candidates).toEqual([
        { id: first.id, name: 'shared', environment: 'development', projectId: tenant.projectId },
        { id: second.deploymentId, name: 'shared', environment: 'development', projectId: second.projectId },
      ]);
      expect(body.detail).toContain('projectId');
    }
  });

  it('is clear again by project, by environment, and by what a key may run', async () => {
    expect(await deploymentOf('shared', `?projectId=${tenant.projectId}`)).toBe(first.id);
    expect(await deploymentOf('shared', `?projectId=${second.projectId}`)).toBe(second.deploymentId);
    expect(await deploymentOf('shared', '', ring.client(first.token))).toBe(first.id);
    expect(await deploymentOf('shared', '', ring.client(second.token))).toBe(second.deploymentId);
    await ring.rows(`update environment set name = 'production' where id = $1`, [second.environmentId]);
    const third = await deployElsewhere('other');
    await ring.rows(`update environment set name = 'production' where id = $1`, [third.environmentId]);
    expect(await deploymentOf('other@production')).toBe(third.deploymentId);
    expect(await deploymentOf('other@development')).toBe('resource.not_found');
  });

  it('that there is not is a 404, whatever the reference looks like', async () => {
    const unknown = await start('nothing');
    expect([unknown.status, unknown.body.code]).toEqual([404, 'resource.not_found']);
    const odd = [
      'single@',
      '@development',
      'single@a@b',
      'single%00',
      'si%2Fngle',
      '.',
      '-',
      'SINGLE',
      'single%20',
      newId(),
    ];
    for (const ref of [
      ...odd,
      'x'.repeat(81),
      'x'.repeat(299),
      'x'.repeat(400),
      '%F0%9F%9A%80',
      'single@%00',
    ])
      expect([ref, (await start(ref)).status]).toEqual([ref, 404]);
    expect(await deploymentOf('single', `?projectId=${newId()}`)).toBe('resource.not_found');
    expect(await deploymentOf('single', `?projectId=${second.projectId}`)).toBe('resource.not_found');
    expect((await start('single', '?projectId=x')).status).toBe(400);
  });

  it('must have a version', async () => {
    const flow = await tenant.api.post<{ id: string }>(`/v1/projects/${tenant.projectId}/flows`, {
      name: 'empty',
    });
    const { environmentId } = tenant;
    const made = await tenant.api.post<{ id: string }>('/v1/deployments', {
      flowId: flow.body.id,
      environmentId,
      name: 'unreleased',
    });
    for (const ref of ['unreleased', made.body.id]) {
      const { status, body } = await start(ref);
      expect([status, body.code]).toEqual([422, 'deployment.no_version']);
      expect(body.detail).toContain('unreleased');
    }
    const version = await tenant.api.post<{ id: string }>(`/v1/flows/${flow.body.id}/versions`, {
      definition: echoFlow(),
    });
    await tenant.api.patch(`/v1/deployments/${made.body.id}`, {
      traffic: [{ versionId: version.body.id, basisPoints: 10_000 }],
    });
    expect(await deploymentOf('unreleased')).toBe(made.body.id);
  });

  it('may be new: that it was not there a moment ago is forgotten at once', async () => {
    expect((await start('brand-new')).status).toBe(404);
    const { id } = await tenant.deploy('brand-new', echoFlow());
    expect(await deploymentOf('brand-new')).toBe(id);
  });
});
