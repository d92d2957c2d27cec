import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { type Tenant, TestRing } from '#libs/testing';
import type { Listed } from './world.ts';

interface Variable {
  id: string;
  name: string;
  secret: boolean;
  value: string | null;
  exposure: string | null;
  allowedHosts: string[];
  code: string;
}

describe('variables', () => {
  let ring: TestRing;
  let tenant: Tenant;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
  });
  afterAll(() => ring.dispose());

  const create = (body: object, headers: Record<string, string> = {}) =>
    tenant.api.post<Variable>(
      `/v1/projects/${tenant.projectId}/variables`,
      { environmentId: tenant.environmentId, ...body },
      headers,
    );
  const secretly = (more: object = {}) => ({
    name: `S${newId().replaceAll('-', '')}`,
    secret: true,
    value: `value-${newId()}`,
    allowedHosts: ['api.example.com'],
    ...more,
  });

  it('come back with their value where they are no secret', async () => {
    const { status, body } = await create({ name: 'TONE', value: 'kind' });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      name: 'TONE',
      secret: false,
      value: 'kind',
      exposure: null,
      allowedHosts: [],
    });
    expect((await create({ name: 'EMPTY', value: '', secret: false })).body.value).toBe('');
    const list = await tenant.api.get<Listed<Variable>>(`/v1/projects/${tenant.projectId}/variables`);
    expect(list.body.data.find(({ name }) => name === 'TONE')).toEqual(body);
  });

  it('never come back with a secret, in no answer and from no place that the gateway can read', async () => {
    const value = `very-secret-${newId()}`;
    const given = secretly({
      name: 'API_TOKEN',
      value,
      allowedHosts: ['*.example.com', 'api.example.com:8443'],
    });
    const headers = { 'idempotency-key': 'secret-once' };
    const made = await create(given, headers);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      secret: true,
      value: null,
      exposure: 'header',
      allowedHosts: ['*.example.com', 'api.example.com:8443'],
    });
    const answers = [
      made,
      await create(given, headers),
      await create(given),
      await create({ ...given, unknown: 1 }),
      await create({ ...given, environmentId: newId() }),
      await create({ ...given, allowedHosts: [] }),
      await tenant.api.get<Variable>(`/v1/projects/${tenant.projectId}/variables`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 409, 400, 404, 400, 200]);
    for (const { body } of answers) expect(JSON.stringify(body)).not.toContain(value);
    for (const table of ['variable', 'secret_version', 'audit_entry', 'idempotency'])
      expect(await ring.rows(`select from ${table} t where t::text like $1`, [`%${value}%`])).toEqual([]);
    const [sealed] = await ring.rows<{ envelope: string }>(
      'select envelope from secret_version where secret_id = $1',
      [made.body.id],
    );
    expect(sealed?.envelope).toMatch(/^hgenc:v1:[0-9a-f-]{36}:[\w-]+:[\w-]+$/);
  });

  it('refuse a secret of under six characters, which redaction would find by accident', async () => {
    for (const value of ['', '12345', '👍👍']) {
      const { status, body } = await create(secretly({ value }));
      expect([value, status, body.code]).toEqual([value, 400, 'request.invalid']);
    }
    expect((await create(secretly({ value: '123456' }))).status).toBe(201);
    expect((await create({ name: 'SHORT', value: '1' })).status).toBe(201);
  });

  it('refuse a secret without hosts that it may be sent to, and hosts for what is none', async () => {
    for (const allowedHosts of [
      undefined,
      [],
      ['https://api.example.com'],
      ['*'],
      ['a/b'],
      ['API.example.com'],
    ]) {
      const { status } = await create(secretly({ allowedHosts }));
      expect([allowedHosts, status]).toEqual([allowedHosts, 400]);
    }
    const plain = { name: 'HOSTED', value: 'x', allowedHosts: ['api.example.com'] };
    expect((await create(plain)).status).toBe(400);
  });

  it('have a name that a program can use and no other of the environment has', async () => {
    for (const name of ['', '1A', 'A-B', 'A B', 'Ä', 'A\u0000', 'x'.repeat(81)])
      expect([name, (await create({ name, value: 'x' })).status]).toEqual([name, 400]);
    expect((await create({ name: 'ONCE', value: 'x' })).status).toBe(201);
    const { status, body } = await create(secretly({ name: 'ONCE' }));
    expect([status, body.code]).toEqual([409, 'variable.name_taken']);
  });

  it('belong to an environment of the project', async () => {
    const other = await tenant.api.post<{ id: string }>('/v1/projects', { name: 'other' });
    const elsewhere = `/v1/projects/${other.body.id}/variables`;
    const { status, body } = await tenant.api.post(elsewhere, {
      environmentId: tenant.environmentId,
      name: 'ASTRAY',
      value: 'x',
    });
    expect([status, body.code]).toEqual([404, 'resource.not_found']);
    expect((await tenant.api.get<Listed<Variable>>(elsewhere)).body.data).toEqual([]);
  });

  it('refuse a value that no row can hold', async () => {
    for (const value of ['a\u0000b', 'half \ud800', 'x'.repeat(65_537), 1, null]) {
      const plain = await create({ name: 'ODD', value });
      expect([plain.status, plain.body.code]).toEqual([400, 'request.invalid']);
      expect((await create(secretly({ value }))).status).toBe(400);
    }
  });
});
