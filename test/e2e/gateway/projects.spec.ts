import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { type Tenant, TestRing } from '#libs/testing';
import type { Listed } from './world.ts';

interface Project {
  id: string;
  name: string;
  createdAt: string;
  code: string;
}

describe('projects', () => {
  let ring: TestRing;
  let tenant: Tenant;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
  });
  afterAll(() => ring.dispose());

  const create = (name: string, who = tenant) => who.api.post<Project>('/v1/projects', { name });

  it('begin with a default environment', async () => {
    const { status, body } = await create('shop');
    expect(status).toBe(201);
    expect(body).toEqual({ id: expect.any(String), name: 'shop', createdAt: expect.any(String) });
    expect((await tenant.api.get(`/v1/projects/${body.id}`)).body).toEqual(body);
    const environments = await tenant.api.get<Listed<object>>(`/v1/projects/${body.id}/environments`);
    expect(environments.body).toEqual({
      data: [
        {
          id: expect.any(String),
          projectId: body.id,
          name: 'development',
          position: 1,
          isDefault: true,
          createdAt: expect.any(String),
        },
      ],
      nextCursor: null,
    });
  });

  it('have a name that no other of the organization has', async () => {
    expect((await create('one of a kind')).status).toBe(201);
    const { status, body } = await create('one of a kind');
    expect([status, body.code]).toEqual([409, 'project.name_taken']);
    expect((await create('One of a kind')).status).toBe(201);
    expect((await create('one of a kind', await ring.tenant())).status).toBe(201);
  });

  it('are made once where many ask for the same name at once, with one environment', async () => {
    const name = `race-${newId()}`;
    const answers = await Promise.all(Array.from({ length: 10 }, () => create(name)));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      201,
      ...Array.from({ length: 9 }, () => 409),
    ]);
    const rows = await ring.rows(
      'select from environment e join project p on p.org_id = e.org_id and p.id = e.project_id where p.name = $1',
      [name],
    );
    expect(rows).toHaveLength(1);
  });

  it('take names as people write them', async () => {
    for (const name of [
      'Größe 大 🚀',
      'x',
      'x'.repeat(80),
      "'; drop table project; --",
      '<script>',
      '__proto__',
    ])
      expect((await create(name)).body.name).toBe(name);
  });
});
