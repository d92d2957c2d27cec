import { describe, expect, it } from '@jest/globals';
import type { Json } from '#libs/kernel';
import { execution, from, out, planNode, planOf, run } from '../../testing/src/plans.ts';
import type { NodeRun } from './component.ts';
import type { Execution } from './execute.ts';
import type { Plan, PlanNode } from './plan.ts';

describe('the fields of a running node', () => {
  const seen = async (node: PlanNode, more: Partial<Execution> = {}, plan: Partial<Plan> = {}) => {
    let fields: NodeRun['fields'] = {};
    await run(
      execution(
        planOf([planNode('A'), planNode('B'), { ...node, component: 'X' }], plan),
        {
          A: async () => out('from A'),
          B: async () => out('from B'),
          X: async (running) => {
            fields = running.fields;
            return out(null);
          },
        },
        more,
      ),
    );
    return fields;
  };
  const variable = (name: string, isRequired = true) => ({ name, isSecret: false, isRequired });

  it('are the stored ones, over them variables, over them edges', async () => {
    const node = planNode('X', {
      fields: { a: 'stored', b: 'stored', c: 'stored', d: 'stored' },
      variables: { b: variable('KNOWN'), c: variable('KNOWN'), d: variable('UNKNOWN', false) },
      inputs: { c: from('A') },
    });
    expect(await seen(node)).toEqual({ a: 'stored', b: 'its value', c: 'from A', d: 'stored' });
  });

  it('take the last of several edges, or all of them in a list', async () => {
    const node = planNode('X', { inputs: { one: from('A', 'B'), all: { ...from('B', 'A'), isList: true } } });
    expect(await seen(node)).toEqual({ one: 'from B', all: ['from B', 'from A'] });
  });

  it('are null where the output was not put out', async () => {
    const node = planNode('X', {
      inputs: { one: { isList: false, from: [{ node: 'A', output: 'other' }] } },
    });
    expect(await seen(node)).toEqual({ one: null });
  });

  it.each<[string, Json | undefined, Partial<PlanNode>, Json]>([
    ['take the main input in place of what is stored', 'given', { fields: { in: 'stored' } }, 'given'],
    ['take an empty main input as well', '', { fields: { in: 'stored' } }, ''],
    ['keep what is stored where no input was given', undefined, { fields: { in: 'stored' } }, 'stored'],
    ['keep what an edge brings', 'given', { inputs: { in: from('A') } }, 'from A'],
    ['take any JSON as the main input', { a: [1] }, {}, { a: [1] }],
  ])('%s', async (_what, input, more, expected) => {
    const fields = await seen(planNode('X', more), { input }, { mainInput: { node: 'X', field: 'in' } });
    expect(fields['in']).toEqual(expected);
  });

  it('do not take a main input that is for another node', async () => {
    const fields = await seen(planNode('X'), { input: 'given' }, { mainInput: { node: 'A', field: 'in' } });
    expect(fields).toEqual({});
  });
});

describe('the world of a running node', () => {
  it('knows who feeds it, who reads it, its session and its own ids', async () => {
    const plan = planOf([
      planNode('A'),
      planNode('B', { inputs: { in: from('A'), also: from('A') } }),
      planNode('C', {
        inputs: { in: from('A', 'B') },
        variables: { key: { name: 'KNOWN', isSecret: true, isRequired: true } },
      }),
    ]);
    const world: Record<string, unknown> = {};
    await run(
      execution(plan, {
        A: async ({ readers }) => {
          world['readers'] = [...readers];
          return out(1);
        },
        B: async () => out(2),
        C: async (node) => {
          world['sources'] = node.sourcesOf('in');
          world['none'] = node.sourcesOf('other');
          world['variables'] = [node.variable('key'), node.variable('KNOWN')];
          world['ids'] = [node.sessionId, node.stableId('message'), node.iteration];
          return out(3);
        },
      }),
    );
    expect(world).toEqual({
      readers: ['B', 'C'],
      sources: [
        { id: 'A', displayName: 'The A', component: 'A' },
        { id: 'B', displayName: 'The B', component: 'B' },
      ],
      none: [],
      variables: ['its value', undefined],
      ids: ['s1', 'C/message', 0],
    });
  });
});
