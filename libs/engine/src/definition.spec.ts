import { describe, expect, it } from '@jest/globals';
import type { Json, JsonObject } from '#libs/kernel';
import { readDefinition } from './definition.ts';

const body = {
  display_name: 'Prompt Template',
  template: {},
  outputs: [{ name: 'prompt', cache: true }],
  lf_version: '1.7.0',
};
const node = (id: string, more: JsonObject = {}): JsonObject => ({
  id,
  type: 'genericNode',
  position: { x: 1, y: 2 },
  data: { id, type: 'Prompt', node: body },
  ...more,
});

function read(given: Json) {
  const result = readDefinition(given);
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.definition;
}

describe('reading an export', () => {
  it('takes it with and without its envelope', () => {
    const graph = { nodes: [node('A')], edges: [], viewport: { x: 0, y: 0, zoom: 1 } };
    expect(read(graph).nodes[0]).toMatchObject({ id: 'A', pointer: '/nodes/0', type: 'Prompt' });
    const exported = { id: 'f', name: 'a flow', data: graph, last_tested_version: '1.10.2', tags: [] };
    expect(read(exported).nodes[0]).toMatchObject({ id: 'A', pointer: '/data/nodes/0', type: 'Prompt' });
  });

  it('leaves notes out, and keeps the places of what stands behind them', () => {
    const notes = [
      {
        id: 'n1',
        type: 'noteNode',
        data: { type: 'note', node: { template: { backgroundColor: 'amber' } } },
      },
      { id: 'n2', type: 'genericNode', data: { type: 'note', node: body } },
      { id: 'n3', type: 'noteNode', data: { node: body } },
      { id: 'n4', type: 'genericNode', data: {} },
    ];
    const { nodes } = read({ nodes: [...notes, node('A')], edges: [] });
    expect(nodes.map(({ id, pointer }) => [id, pointer])).toEqual([['A', '/nodes/4']]);
  });

  it('keeps what it does not know of a node', () => {
    expect(read({ nodes: [node('A')], edges: [] }).nodes[0]?.body).toEqual(body);
  });

  it('calls a node by its display name, else its type, else its id', () => {
    const unnamed = { template: {} };
    const { nodes } = read({
      nodes: [
        node('A'),
        { id: 'B', data: { type: 'Prompt', node: unnamed } },
        { id: 'C', data: { node: unnamed } },
      ],
      edges: [],
    });
    expect(nodes.map(({ displayName, type }) => [displayName, type])).toEqual([
      ['Prompt Template', 'Prompt'],
      ['Prompt', 'Prompt'],
      ['C', ''],
    ]);
  });

  it.each<[string, JsonObject]>([
    [
      'decoded under data',
      { data: { sourceHandle: { name: 'prompt', id: 'A' }, targetHandle: { fieldName: 'in' } } },
    ],
    [
      'as text whose quotes are œ',
      { sourceHandle: '{œnameœ: œpromptœ, œidœ: œAœ}', targetHandle: '{œfieldNameœ:œinœ}' },
    ],
    [
      'as such text under data',
      { data: { sourceHandle: '{œnameœ: œpromptœ, œidœ: œAœ}', targetHandle: '{œfieldNameœ: œinœ}' } },
    ],
    [
      'both ways, of which the decoded one counts',
      {
        sourceHandle: '{œnameœ: œanotherœ}',
        targetHandle: '{œfieldNameœ: œanotherœ}',
        data: { sourceHandle: { name: 'prompt', id: 'A' }, targetHandle: { fieldName: 'in' } },
      },
    ],
    [
      'as objects on the edge itself',
      { sourceHandle: { name: 'prompt', id: 'A' }, targetHandle: { fieldName: 'in' }, data: null },
    ],
  ])('finds the handles of an edge %s', (_how, more) => {
    const { edges } = read({ nodes: [], edges: [{ source: 'A', target: 'B', ...more }] });
    expect(edges).toEqual([
      {
        pointer: '/edges/0',
        source: 'A',
        target: 'B',
        sourceHandle: { name: 'prompt', id: 'A' },
        targetHandle: { fieldName: 'in' },
      },
    ]);
  });

  it('finds no handle where its text holds what no JSON may, though JSON can spell it', () => {
    const deep = `{œnameœ:${'['.repeat(300)}${']'.repeat(300)}}`;
    const { edges } = read({
      nodes: [],
      edges: [{ source: 'A', target: 'B', sourceHandle: '{œnameœ:œ\\ud800œ}', targetHandle: deep }],
    });
    expect(edges).toMatchObject([{ sourceHandle: undefined, targetHandle: undefined }]);
  });
});

describe('the fields of a node', () => {
  it('are those that look like one; odd entries of an export are passed over', () => {
    const template = {
      _type: 'Component',
      is_refresh: false,
      _frontend_node_flow_id: { value: 'x' },
      code: { type: 'code', value: 'print()' },
      template: { type: 'prompt', value: 'hello', name: 'template' },
      wrong: { type: 1, value: 'x' },
    };
    const [first] = read({
      nodes: [{ id: 'A', data: { type: 'Prompt', node: { template } } }],
      edges: [],
    }).nodes;
    const fields = [...(first?.fields ?? [])];
    expect(fields.map(([name]) => name)).toEqual(['_frontend_node_flow_id', 'code', 'template']);
    expect(fields[2]?.[1]).toEqual({ type: 'prompt', value: 'hello', name: 'template' });
  });
});
