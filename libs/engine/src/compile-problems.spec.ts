import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json, JsonObject } from '#libs/kernel';
import { edge, field } from '../../testing/src/flows.ts';
import { compile } from './compile.ts';
import { type Component, catalogOf } from './component.ts';

const component = (name: string, more: Partial<Component> = {}): Component => ({
  name,
  aliases: [],
  modules: [],
  role: 'inner',
  outputs: { out: 'Message' },
  run: async () => ({}),
  ...more,
});

const CATALOG = catalogOf([
  component('Step'),
  component('Start', { role: 'input', inputField: 'value' }),
  component('End', { role: 'output' }),
  component('Picky', { problems: ({ fields }) => (fields['model'] ? [] : ['A model is required.']) }),
]);

function node(id: string, type = 'Step', template: JsonObject = {}, body: JsonObject = {}): JsonObject {
  const inner = { display_name: `The ${id}`, template, outputs: [], ...body };
  return { id, type: 'genericNode', data: { id, type, node: inner } };
}

const flow = (nodes: JsonObject[], edges: JsonObject[] = []): JsonObject => ({ nodes, edges });

function problemsOf(definition: Json) {
  const compiled = compile(definition, CATALOG);
  return compiled.ok ? [] : compiled.problems;
}

const AB = [node('A'), node('B')];

describe('a definition that cannot be run', () => {
  it.each<[string, JsonObject, { node?: string; pointer: string; detail: string }[]]>([
    [
      'holds an unknown component',
      flow([node('A'), node('B', 'Agent')]),
      [{ node: 'B', pointer: '/nodes/1', detail: 'There is no component "Agent" in the native engine.' }],
    ],
    ['holds no nodes', flow([]), [{ pointer: '/nodes', detail: 'The flow has no nodes.' }]],
    [
      'holds nothing but a note',
      flow([{ id: 'n', type: 'noteNode', data: { type: 'note' } }]),
      [{ pointer: '/nodes', detail: 'The flow has no nodes.' }],
    ],
    [
      'has an edge from nowhere',
      flow(AB, [edge('X', 'out', 'B', 'in')]),
      [{ pointer: '/edges/0', detail: 'The edge from "X" to "B" has an end that is no node.' }],
    ],
    [
      'has an edge to nowhere',
      flow(AB, [edge('A', 'out', 'B', 'in'), edge('A', 'out', '__proto__', 'in')]),
      [{ pointer: '/edges/1', detail: 'The edge from "A" to "__proto__" has an end that is no node.' }],
    ],
    [
      'has an edge without handles',
      flow(AB, [{ source: 'A', target: 'B' }]),
      [{ pointer: '/edges/0', detail: 'Edge between The A and The B has invalid handles.' }],
    ],
    [
      'has an edge whose handle is no JSON',
      flow(AB, [
        { source: 'A', target: 'B', sourceHandle: '{œnameœ: œoutœ', targetHandle: '{œfieldNameœ: œinœ}' },
      ]),
      [{ pointer: '/edges/0', detail: 'Edge between The A and The B has invalid handles.' }],
    ],
    [
      'feeds an edge back into an output, as loops do',
      flow(AB, [
        {
          ...edge('A', 'out', 'B', 'in'),
          data: { sourceHandle: { name: 'out' }, targetHandle: { name: 'item' } },
        },
      ]),
      [{ pointer: '/edges/0', detail: 'Edge between The A and The B has invalid handles.' }],
    ],
    [
      'has an edge into the field __proto__',
      flow(AB, [edge('A', 'out', 'B', '__proto__')]),
      [{ pointer: '/edges/0', detail: 'Edge between The A and The B has invalid handles.' }],
    ],
    [
      'has an edge from an output that there is not',
      flow(AB, [edge('A', 'toString', 'B', 'in')]),
      [{ node: 'A', pointer: '/edges/0', detail: '"The A" (A) has no output "toString".' }],
    ],
    [
      'gives one id to two nodes',
      flow([node('A'), node('B'), node('B')], [edge('A', 'out', 'B', 'in')]),
      [{ node: 'B', pointer: '/nodes/2', detail: 'The id "B" stands on more than one node.' }],
    ],
    [
      'goes round',
      flow(
        [node('A'), node('B'), node('C')],
        [edge('A', 'out', 'B', 'in'), edge('B', 'out', 'C', 'in'), edge('C', 'out', 'B', 'back')],
      ),
      [{ pointer: '/edges', detail: 'The flow has a cycle, which the native engine cannot run yet.' }],
    ],
    [
      'feeds a node by itself',
      flow(AB, [edge('A', 'out', 'A', 'in')]),
      [{ pointer: '/edges', detail: 'The flow has a cycle, which the native engine cannot run yet.' }],
    ],
    [
      'holds a group',
      flow([node('A', 'Step', {}, { flow: { data: { nodes: [], edges: [] } } })]),
      [
        {
          node: 'A',
          pointer: '/nodes/0',
          detail: 'Groups cannot be run by the native engine yet: ungroup the node.',
        },
      ],
    ],
    [
      'uses a component as a tool',
      flow([node('A', 'Step', {}, { tool_mode: true })]),
      [{ node: 'A', pointer: '/nodes/0', detail: 'Tool mode cannot be run by the native engine yet.' }],
    ],
    [
      'holds a node that its component refuses',
      flow([node('A'), node('B', 'Picky')]),
      [{ node: 'B', pointer: '/nodes/1', detail: 'A model is required.' }],
    ],
  ])('is named by node when it %s', (_what, definition, problems) => {
    expect(problemsOf(definition)).toEqual(problems);
  });

  it('is told of all its problems at once', () => {
    const definition = flow(
      [node('A', 'Agent'), node('B', 'Loop'), node('C', 'Step', {}, { tool_mode: true })],
      [edge('A', 'x', 'B', 'in'), edge('C', 'x', 'B', 'in')],
    );
    expect(problemsOf(definition).map(({ pointer }) => pointer)).toEqual([
      '/nodes/2',
      '/nodes/0',
      '/nodes/1',
      '/edges/1',
    ]);
  });

  it('is pointed at within its envelope', () => {
    const data = flow([node('A'), node('B', 'Agent')], [edge('X', 'out', 'A', 'in')]);
    expect(problemsOf({ name: 'a flow', data }).map(({ pointer }) => pointer)).toEqual([
      '/data/nodes/1',
      '/data/edges/0',
    ]);
    const secret = flow([node('A', 'Step', { api_key: field('str', 'x', { password: true }) })]);
    expect(problemsOf({ data: secret }).map(({ pointer }) => pointer)).toEqual([
      '/data/nodes/0/data/node/template/api_key/value',
    ]);
    expect(problemsOf({ data: { nodes: 1, edges: [] } }).map(({ pointer }) => pointer)).toEqual([
      '/data/nodes',
    ]);
  });

  it.each<[string, Json, string]>([
    ['a text', 'flow', ''],
    ['null', null, ''],
    ['a list', [], ''],
    ['no nodes named', { edges: [] }, '/nodes'],
    ['a node that is no object', { nodes: [1], edges: [] }, '/nodes/0'],
    ['a node without an id', { nodes: [{ data: {} }], edges: [] }, '/nodes/0/id'],
    ['a node with an empty id', { nodes: [{ id: '', data: {} }], edges: [] }, '/nodes/0/id'],
    ['a node with an endless id', { nodes: [{ id: 'x'.repeat(201), data: {} }], edges: [] }, '/nodes/0/id'],
    ['a node without data', { nodes: [{ id: 'A' }], edges: [] }, '/nodes/0/data'],
    [
      'a template that is a list',
      flow([{ id: 'A', data: { node: { template: [] } } }]),
      '/nodes/0/data/node/template',
    ],
    ['an edge without a target', { nodes: [], edges: [{ source: 'A' }] }, '/edges/0/target'],
  ])('is pointed at where it is no export: %s', (_what, definition, pointer) => {
    const [first] = problemsOf(definition);
    expect(first).toEqual({ pointer, detail: expect.stringContaining('This is not a Langflow export') });
  });

  it('is told when it is nested too deeply, instead of breaking what reads it', () => {
    let deep: Json = 'x';
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    const problems = problemsOf(flow([node('A', 'Step', { field: field('other', deep) })]));
    expect(problems).toEqual([
      { pointer: '', detail: expect.stringContaining('nested deeper than 256 levels') },
    ]);
  });
});

describe('names that JavaScript knows', () => {
  const NAMES = ['constructor', 'toString', 'hasOwnProperty', 'valueOf'];

  it.each(NAMES)('may be those of nodes and fields: %s', (name) => {
    const nodes = [node(name), node('B', 'Step', { [name]: field('int', '5'), other: field('str', 'x') })];
    const stored = compile(flow(nodes), CATALOG);
    const [, second] = stored.ok ? stored.plan.nodes : [];
    expect(second).toMatchObject({ id: 'B', fields: { [name]: 5, other: 'x' } });
    const connected = compile(flow(nodes, [edge(name, 'out', 'B', name)]), CATALOG);
    const [, fed] = connected.ok ? connected.plan.nodes : [];
    expect(fed?.fields).toEqual({ other: 'x' });
    expect(Object.entries(fed?.inputs ?? {})).toEqual([
      [name, { isList: false, from: [{ node: name, output: 'out' }] }],
    ]);
  });

  it('may be that of a prototype: as a node it is a node, as a field it is none', () => {
    const template: unknown = JSON.parse(
      '{"__proto__":{"type":"int","value":5},"a":{"type":"int","value":1}}',
    );
    const nodes = [node('__proto__'), node('B', 'Step', template as JsonObject)]; // JSON is JSON
    const compiled = compile(flow(nodes, [edge('__proto__', 'out', 'B', 'in')]), CATALOG);
    const [first, second] = compiled.ok ? compiled.plan.nodes : [];
    expect(first?.id).toBe('__proto__');
    expect(second?.inputs).toEqual({ in: { isList: false, from: [{ node: '__proto__', output: 'out' }] } });
    expect(second?.fields).toEqual({ a: 1 });
    expect(Object.getPrototypeOf(second?.fields)).toBe(Object.prototype);
  });

  it('never reach the objects of everyone', () => {
    const parsed: unknown = JSON.parse(
      '{"__proto__":{"polluted":1},"nodes":[{"id":"A","__proto__":{"polluted":1},"data":{"__proto__":{"polluted":1},"type":"Step","node":{"__proto__":{"polluted":1},"template":{"a":{"__proto__":{"polluted":1},"type":"str","value":{"__proto__":{"polluted":1}}}}}}}],"edges":[]}',
    );
    compile(parsed as Json, CATALOG); // as above
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});

describe('compiling', () => {
  it('never throws, whatever JSON it is given', () => {
    const key = fc.constantFrom(
      'id',
      'data',
      'node',
      'nodes',
      'edges',
      'type',
      'template',
      'source',
      'constructor',
      '__proto__',
    );
    const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 7, withCrossShrink: true },
        fc.constantFrom<Json>(null, true, 1, 'A', 'Step', 'noteNode', ''),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 5 }),
      ),
    }));
    fc.assert(
      fc.property(tree, (nodes) => {
        expect(typeof compile(nodes, CATALOG).ok).toBe('boolean');
      }),
      { numRuns: 2_000, seed: 10 },
    );
  });

  it('never throws, whatever graph it is given', () => {
    const id = fc.constantFrom('A', 'B', 'C', 'toString');
    const name = fc.constantFrom('out', 'in', 'constructor', '__proto__', 'list');
    const nodes = fc.array(
      fc.tuple(id, fc.constantFrom('Step', 'Start', 'End', 'Picky', 'None'), fc.jsonValue({ maxDepth: 2 })),
      { maxLength: 5 },
    );
    const edges = fc.array(fc.tuple(id, name, id, name), { maxLength: 6 });
    fc.assert(
      fc.property(nodes, edges, (given, links) => {
        const definition = flow(
          given.map(([one, type, value]) => node(one, type, { in: field('str', value as Json) })),
          links.map(([from, output, to, into]) => edge(from, output, to, into)),
        );
        const compiled = compile(definition, CATALOG);
        expect(compiled.ok || compiled.problems.length > 0).toBe(true);
      }),
      { numRuns: 2_000, seed: 10 },
    );
  });
});
