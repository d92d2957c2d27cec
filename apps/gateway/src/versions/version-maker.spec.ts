import { beforeEach, describe, expect, it } from '@jest/globals';
import { COMPONENTS } from '#libs/components';
import type { Role } from '#libs/domain';
import { catalogOf } from '#libs/engine';
import { AppError, newId } from '#libs/kernel';
import { echoFlow } from '#libs/testing';
import type { ActionServices } from '../access/action-services.ts';
import type { Actor } from '../access/actor.ts';
import { CreateFlowAction } from '../flows/create-flow.action.ts';
import { FlowPage } from '../flows/flow.schema.ts';
import type { FlowStore } from '../flows/flow.store.ts';
import { CreateVersionAction } from './create-version.action.ts';
import { VersionPage } from './version.schema.ts';
import type { VersionStore } from './version.store.ts';
import { VersionMaker } from './version-maker.ts';

const catalog = catalogOf(COMPONENTS);
const stores = {} as VersionStore & FlowStore; // nothing here comes as far as a store
const actor = (role: Role): Actor => ({
  principal: { kind: 'user', id: newId(), organizationId: newId(), roles: [role] },
  request: { id: newId(), idempotencyKey: undefined, isReplayed: false },
});
const ids = { flowId: newId(), projectId: newId(), name: 'a flow' };

let held: number;
let actions: (CreateVersionAction | CreateFlowAction)[];
beforeEach(() => {
  held = 0;
  const maker = new VersionMaker(catalog, stores, {} as never);
  actions = [new CreateVersionAction(maker), new CreateFlowAction(stores, maker)];
  const database = {
    withOrg: async () => {
      held += 1;
    },
  };
  const services = { database } as unknown as ActionServices; // all of them that is used
  for (const action of actions) Object.assign(action, { services });
});

const codeOf = async (action: CreateVersionAction | CreateFlowAction, role: Role, definition: object) => {
  const input = { ...ids, definition } as Parameters<typeof action.run>[1];
  const failure: unknown = await action.run(actor(role), input as never).catch((cause: unknown) => cause);
  return failure instanceof AppError ? failure.code : failure;
};

describe('a definition that is sent', () => {
  it('is compiled before a connection is held for it', async () => {
    for (const action of actions) {
      expect(await codeOf(action, 'owner', { nodes: [], edges: [] })).toBe('definition.invalid');
      expect(held).toBe(0);
      await codeOf(action, 'owner', echoFlow());
      expect(held).toBe(1);
      held = 0;
    }
  });

  it('is not compiled for those who may make no flow', async () => {
    for (const action of actions)
      expect(await codeOf(action, 'runner', { nodes: [], edges: [] })).toBe('permission.denied');
  });

  it('is compiled once', () => {
    let found = 0;
    const find: typeof catalog.find = (names) => {
      found += 1;
      return catalog.find(names);
    };
    const maker = new VersionMaker({ ...catalog, find }, stores, {} as never);
    const definition = echoFlow();
    expect(maker.compile(definition)).toBe(maker.compile(definition));
    expect(found).toBe(2);
  });

  it('is refused in few words, however much is wrong with it and however long its names are', () => {
    const ends = [200, 1_000_000].map((length) => {
      const nodes = ['A', 'B'].map((id) => ({ id, data: { node: { display_name: 'n'.repeat(length) } } }));
      const edges = Array.from({ length: 5_000 }, () => ({ source: 'A', target: 'B' }));
      try {
        return new VersionMaker(catalog, stores, {} as never).compile({ nodes, edges });
      } catch (cause) {
        return (cause as AppError).facts;
      }
    });
    expect(ends).toMatchObject([{ errors: { length: 50 } }, { errors: { length: 2 } }]);
    expect(ends[0]).toMatchObject({
      detail: expect.stringContaining('There are 5001 more problems, of which 4952 are not listed.'),
    });
    for (const end of ends) expect(JSON.stringify(end).length).toBeLessThan(32_768);
  });
});

it('the lists of flows and versions do not hold their reports', () => {
  const report = { inputs: [], ambiguousInputs: [], outputs: [], variables: [], components: [] };
  const createdAt = new Date(0).toISOString();
  const version = { id: newId(), flowId: ids.flowId, number: 1, contentHash: '', note: '', engine: 'native' };
  const row = { ...version, createdAt, report };
  const flow = { id: ids.flowId, projectId: ids.projectId, name: '', description: '', createdAt };
  const pages = [
    VersionPage.parse({ data: [row], nextCursor: null }),
    FlowPage.parse({ data: [{ ...flow, latestVersion: row }], nextCursor: null }),
  ];
  expect(JSON.stringify(pages)).not.toContain('report');
});
