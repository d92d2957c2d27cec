import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import {
  chain,
  chatInput,
  chatOutput,
  echoFlow,
  languageModel,
  prompt,
  type Tenant,
  TestRing,
} from '#libs/testing';
import type { Listed } from './world.ts';

interface Version {
  id: string;
  flowId: string;
  number: number;
  contentHash: string;
  note: string;
  code: string;
}

interface Flow {
  id: string;
  name: string;
  description: string;
  latestVersion: Version | null;
  code: string;
  detail: string;
  errors: { pointer: string; node?: string; detail: string }[];
}

const templated = (template: string) =>
  chain(chatInput(), prompt('Prompt-1', `${template} {in}`, ['in']), chatOutput());

describe('flows and their versions', () => {
  let ring: TestRing;
  let tenant: Tenant;
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
  });
  afterAll(() => ring.dispose());

  const create = (body: object, projectId = tenant.projectId) =>
    tenant.api.post<Flow>(`/v1/projects/${projectId}/flows`, { name: `flow-${newId()}`, ...body });
  const addVersion = (flowId: string, definition: object, note?: string) =>
    tenant.api.post<Version>(`/v1/flows/${flowId}/versions`, {
      definition,
      ...(note !== undefined && { note }),
    });
  const versions = async (flowId: string) =>
    (await tenant.api.get<Listed<Version>>(`/v1/flows/${flowId}/versions`)).body.data;

  it('begin without a version, or with a first one', async () => {
    const bare = await create({ name: 'bare', description: 'To come.' });
    expect(bare.status).toBe(201);
    expect(bare.body).toMatchObject({ name: 'bare', description: 'To come.', latestVersion: null });
    const whole = await create({ definition: echoFlow() });
    expect(whole.body.latestVersion).toMatchObject({ number: 1, flowId: whole.body.id, engine: 'native' });
    expect((await tenant.api.get(`/v1/flows/${whole.body.id}`)).body).toEqual(whole.body);
    expect((await tenant.api.get(`/v1/versions/${whole.body.latestVersion?.id}`)).body).toEqual(
      whole.body.latestVersion,
    );
  });

  it('have a name that no other of the project has', async () => {
    await create({ name: 'twice' });
    const { status, body } = await create({ name: 'twice' });
    expect([status, body.code]).toEqual([409, 'flow.name_taken']);
    const other = await tenant.api.post<{ id: string }>('/v1/projects', { name: 'elsewhere' });
    expect((await create({ name: 'twice' }, other.body.id)).status).toBe(201);
  });

  it('are not made where the definition is refused', async () => {
    const { status } = await create({ name: 'refused', definition: { nodes: [], edges: [] } });
    expect(status).toBe(422);
    expect((await create({ name: 'refused', definition: echoFlow() })).status).toBe(201);
  });

  it('get a version per content, numbered without a gap, the newest first', async () => {
    const { body: flow } = await create({ definition: templated('one') });
    const second = await addVersion(flow.id, templated('two'), 'politer');
    expect(second.status).toBe(201);
    expect(second.body).toMatchObject({ number: 2, note: 'politer' });
    expect((await versions(flow.id)).map(({ number }) => number)).toEqual([2, 1]);
    expect((await tenant.api.get<Flow>(`/v1/flows/${flow.id}`)).body.latestVersion?.id).toBe(second.body.id);
  });

  it('give the version that has the same content already, wherever its nodes stand', async () => {
    const { body: flow } = await create({ definition: templated('same') });
    const moved = templated('same');
    const nodes = (moved['nodes'] as object[])
      .map((node, x) => ({ ...node, position: { x, y: 7 } }))
      .reverse();
    const again = await addVersion(flow.id, { ...moved, nodes, name: 'Renamed' }, 'not kept');
    expect(again.status).toBe(200);
    expect(again.body).toEqual(flow.latestVersion);
    expect(await versions(flow.id)).toHaveLength(1);
    const elsewhere = await create({ definition: templated('same') });
    expect(elsewhere.body.latestVersion?.contentHash).toBe(flow.latestVersion?.contentHash);
    expect(elsewhere.body.latestVersion?.id).not.toBe(flow.latestVersion?.id);
  });

  it('keep to both when many add versions at once', async () => {
    const { body: flow } = await create({});
    const texts = Array.from({ length: 12 }, (_, index) => `text ${index % 6}`);
    const answers = await Promise.all(texts.map((text) => addVersion(flow.id, templated(text))));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      ...Array(6).fill(200),
      ...Array(6).fill(201),
    ]);
    expect((await versions(flow.id)).map(({ number }) => number)).toEqual([6, 5, 4, 3, 2, 1]);
  });

  it('refuse a literal secret and name its field, without repeating it', async () => {
    const secret = 'a very secret value';
    const inField = chain(
      chatInput(),
      languageModel('Model-1', {
        api_key: { type: 'str', value: secret, password: true, load_from_db: false },
      }),
      chatOutput(),
    );
    const inText = templated(`Authorization: sk-${'a1'.repeat(16)}`);
    const both = [await create({ definition: inField }), await create({ definition: inText })];
    const fields = ['api_key', 'template'];
    both.forEach(({ status, body }, index) => {
      expect([status, body.code]).toEqual([422, 'definition.secret_literal']);
      expect(body.errors).toEqual([
        {
          pointer: `/definition/nodes/1/data/node/template/${fields[index]}/value`,
          node: index === 0 ? 'Model-1' : 'Prompt-1',
          detail: expect.stringContaining(`"${fields[index]}"`),
        },
      ]);
      expect(JSON.stringify(body)).not.toMatch(/a very secret|sk-a1/);
    });
    const { body: flow } = await create({});
    const version = await addVersion(flow.id, inField);
    expect([version.status, version.body.code]).toEqual([422, 'definition.secret_literal']);
    expect(await ring.rows('select from version where definition::text like $1', [`%${secret}%`])).toEqual(
      [],
    );
  });

  it('say by node why a definition cannot be run', async () => {
    const flow = chain(chatInput(), chatOutput());
    const nodes = flow['nodes'] as { id: string; data: object }[];
    const unknown = { ...nodes[0], id: 'Strange-1', data: { ...nodes[0]?.data, type: 'Strange' } };
    const edges = [...(flow['edges'] as object[]), { source: 'ChatInput-1', target: 'Nowhere-1' }];
    const { status, body } = await create({ definition: { nodes: [...nodes, unknown], edges } });
    expect([status, body.code]).toEqual([422, 'definition.invalid']);
    expect(body.errors).toEqual([
      { pointer: '/definition/nodes/2', node: 'Strange-1', detail: expect.stringContaining('Strange') },
      { pointer: '/definition/edges/1', detail: expect.stringContaining('Nowhere-1') },
    ]);
    expect(body.detail).toContain('1 more problem');
  });

  it('refuse what is no export at all, and what cannot be kept', async () => {
    let deep: unknown = 'core';
    for (let depth = 0; depth < 300; depth += 1) deep = [deep];
    for (const definition of [
      {},
      { nodes: 'x', edges: [] },
      { nodes: [null], edges: [] },
      { ...echoFlow(), deep },
      { ...echoFlow(), text: 'half \ud800' },
    ]) {
      const { status, body } = await create({ definition });
      expect([status, body.code]).toEqual([422, 'definition.invalid']);
      expect(body.errors.length).toBeGreaterThan(0);
    }
  });

  it('keep a NUL that stands in a definition, and run with it', async () => {
    await tenant.deploy('with-nul', templated('a\u0000b'));
    const { body } = await tenant.api.post<{ output: { text: string } }>(
      '/v1/deployments/with-nul/runs?wait=20',
      {
        input: 'c',
      },
    );
    expect(body.output.text).toBe('a\u0000b c');
  });
});
