import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#libs/kernel';
import { chain, chatInput, chatOutput, echoFlow, prompt, type Tenant, TestRing } from '#libs/testing';
import { type Listed, makeWorld, type World } from './world.ts';

interface Item {
  id: string;
}

const COUNT = 7;
const NEWEST_FIRST = ['runs', 'versions'];

describe('lists', () => {
  let ring: TestRing;
  let tenant: Tenant;
  let world: World;
  const paths: Record<string, string> = {};
  beforeAll(async () => {
    ring = await TestRing.start();
    tenant = await ring.tenant();
    world = await makeWorld(tenant);
    const project = `/v1/projects/${tenant.projectId}`;
    paths['projects'] = '/v1/projects';
    paths['flows'] = `${project}/flows`;
    paths['versions'] = `/v1/flows/${world.flowId}/versions`;
    paths['deployments'] = '/v1/deployments';
    paths['variables'] = `${project}/variables`;
    paths['keys'] = '/v1/keys';
    paths['runs'] = '/v1/runs';
    paths['environments'] = `${project}/environments`;
    for (let index = 1; index <= COUNT; index += 1) await makeOne(index);
  });
  afterAll(() => ring.dispose());

  const makeOne = async (index: number) => {
    const { environmentId } = tenant;
    const { flowId, deploymentId } = world;
    const definition = chain(chatInput(), prompt('Prompt-1', `${index} {in}`, ['in']), chatOutput());
    for (const [list, body] of Object.entries({
      projects: { name: `p${index}` },
      flows: { name: `f${index}`, definition: echoFlow() },
      versions: { definition },
      deployments: { name: `d${index}`, flowId, environmentId },
      variables: { name: `V${index}`, value: 'x', environmentId },
      keys: { name: `k${index}`, kind: 'flow', deploymentIds: [deploymentId] },
    }))
      await tenant.api.post(paths[list] ?? '', body);
    await tenant.api.post(`/v1/deployments/${deploymentId}/runs`, { input: 'x' });
  };
  const read = (list: string, query: string) => tenant.api.get<Listed<Item>>(`${paths[list]}?${query}`);
  const walk = async (list: string, limit: number, between?: () => Promise<unknown>) => {
    const pages: string[][] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const { body }: { body: Listed<Item> } = await read(
        list,
        `limit=${limit}${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      pages.push(body.data.map(({ id }) => id));
      cursor = body.nextCursor;
      await between?.();
    }
    return pages;
  };

  it.each(['projects', 'flows', 'versions', 'deployments', 'variables', 'keys', 'runs'])(
    'of %s give each item once, page by page, in order',
    async (list) => {
      const whole = await read(list, 'limit=200');
      const ids = whole.body.data.map(({ id }) => id);
      expect(whole.body.nextCursor).toBeNull();
      expect(ids.length).toBeGreaterThanOrEqual(COUNT);
      const sorted = [...ids].sort();
      expect(ids).toEqual(NEWEST_FIRST.includes(list) ? sorted.reverse() : sorted);
      for (const limit of [1, 3, ids.length - 1, ids.length]) {
        const pages = await walk(list, limit);
        expect(pages.flat()).toEqual(ids);
        expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
        expect(pages).toHaveLength(Math.ceil(ids.length / limit));
      }
    },
  );

  it('of environments hold the one that there is', async () => {
    const { body } = await read('environments', 'limit=1');
    expect([body.data.map(({ id }) => id), body.nextCursor]).toEqual([[tenant.environmentId], null]);
    const beyond = await read('environments', `cursor=${tenant.environmentId}`);
    expect(beyond.body).toEqual({ data: [], nextCursor: null });
  });

  it('give what was there when they began, whatever is made meanwhile', async () => {
    const before = (await read('projects', 'limit=200')).body.data.map(({ id }) => id);
    const pages = await walk('projects', 3, async () => {
      if ((await read('projects', 'limit=200')).body.data.length < before.length + 3)
        await tenant.api.post('/v1/projects', { name: `meanwhile-${newId()}` });
    });
    expect(pages.flat().slice(0, before.length)).toEqual(before);
    expect(new Set(pages.flat()).size).toBe(pages.flat().length);
  });

  it('refuse a limit or a cursor that is none', async () => {
    for (const list of Object.keys(paths)) {
      for (const query of [
        'limit=0',
        'limit=201',
        'limit=-1',
        'limit=1.5',
        'limit=many',
        'cursor=x',
        'cursor=',
        'page=2',
      ]) {
        const { status, body } = await tenant.api.get<{ code: string }>(`${paths[list]}?${query}`);
        expect([list, query, status, body.code]).toEqual([list, query, 400, 'request.invalid']);
      }
    }
  });
});
