import { describe, expect, it } from '@jest/globals';
import type { Json, JsonObject } from '#libs/kernel';
import { edge, field } from '../../testing/src/flows.ts';
import { compile } from './compile.ts';
import { type Component, catalogOf } from './component.ts';
import { Plan } from './plan.ts';

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
  component('Step', { aliases: ['step'], modules: ['lfx.Step'] }),
  component('ChatInput', { role: 'input', inputField: 'input_value' }),
  component('TextInput', { role: 'input', inputField: 'text' }),
  component('End', { role: 'output' }),
  component('Model', {
    secretHeaders: ['authorization'],
    references: ({ connected }) => ({
      api_key: { name: 'PROVIDER_KEY', isSecret: true, isRequired: true },
      ...(!connected.has('base_url') && {
        base_url: { name: 'PROVIDER_URL', isSecret: false, isRequired: false },
      }),
    }),
  }),
]);

function node(id: string, type = 'Step', template: JsonObject = {}, body: JsonObject = {}): JsonObject {
  return { id, data: { id, type, node: { display_name: `The ${id}`, template, ...body } } };
}

function compiled(nodes: JsonObject[], edges: JsonObject[] = []) {
  const result = compile({ nodes, edges }, CATALOG);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result;
}

const planned = (template: JsonObject) => compiled([node('A', 'Step', template)]).plan.nodes[0];

describe('a plan', () => {
  it('is plain JSON of its schema, with every node behind what feeds it', () => {
    const { plan } = compiled(
      [node('C', 'End'), node('B'), node('A')],
      [edge('B', 'out', 'C', 'in'), edge('A', 'out', 'B', 'in')],
    );
    expect(plan.nodes.map(({ id }) => id)).toEqual(['A', 'B', 'C']);
    expect(plan.outputs).toEqual(['C']);
    expect(Plan.parse(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });

  it.each([
    ['its module, whatever its type', { type: 'Custom', module: 'lfx.Step' }],
    ['its type', { type: 'Step', module: 'lfx.Other' }],
    ['an alias of its type', { type: 'step', module: undefined }],
  ])('knows a component by %s', (_how, { type, module }) => {
    const { plan } = compiled([node('A', type, {}, module ? { metadata: { module } } : {})]);
    expect(plan.nodes[0]?.component).toBe('Step');
  });
});

describe('the stored values of a plan', () => {
  it.each<[string, string, Json, Json]>([
    ['written line ends of a text become line ends', 'str', 'a\\nb\nc', 'a\nb\nc'],
    ['so do those of each text in a list', 'str', ['a\\n', 1, ['\\n']], ['a\n', 1, ['\n']]],
    ['null stays null', 'str', null, null],
    ['a whole number is read', 'int', ' -12 ', -12],
    ['what is no whole number stays as it is', 'int', '1.5', '1.5'],
    ['a number stays one', 'int', 3, 3],
    ['a fraction is read', 'float', '0.25', 0.25],
    ['what is no fraction stays as it is', 'float', 'warm', 'warm'],
    ['an empty fraction stays as it is', 'float', '', ''],
    ["a slider's fraction is read", 'slider', '1e-1', 0.1],
    ['any text is true', 'bool', 'false', true],
    ['but the empty one is false', 'bool', '', false],
    ['truth stays what it is', 'bool', false, false],
    ['a number is true', 'bool', 1, true],
    ['a prompt stays as it is written', 'prompt', 'a\\n{b}', 'a\\n{b}'],
    ['a list of models stays as it is', 'model', [{ name: 'm' }], [{ name: 'm' }]],
  ])('%s', (_what, type, value, expected) => {
    expect(planned({ a: field(type, value) })?.fields).toEqual({ a: expected });
  });

  it('are those of fields that are shown and are not for edges alone', () => {
    const fields = planned({
      shown: field('str', 'a'),
      hidden: field('str', 'b', { show: false }),
      forced: field('str', 'c', { show: false, override_skip: true }),
      handle: field('other', 'd'),
      _private: field('str', 'e'),
      code: field('code', 'f'),
      valueless: { type: 'str', show: true },
    })?.fields;
    expect(fields).toEqual({ shown: 'a', forced: 'c' });
  });

  it('give way to edges', () => {
    const { plan } = compiled(
      [node('A'), node('B', 'Step', { in: field('str', 'stored'), kept: field('str', 'x') })],
      [edge('A', 'out', 'B', 'in')],
    );
    expect(plan.nodes[1]).toMatchObject({
      fields: { kept: 'x' },
      inputs: { in: { isList: false, from: [{ node: 'A', output: 'out' }] } },
    });
    expect(plan.nodes[1]?.fields).not.toHaveProperty('in');
  });
});

describe('the edges of a plan', () => {
  it('stand in the order of the definition, in a list where the field is one', () => {
    const { plan } = compiled(
      [
        node('A'),
        node('B'),
        node('C', 'Step', { many: field('str', [], { list: true }), one: field('str', '') }),
      ],
      [
        edge('B', 'out', 'C', 'many'),
        edge('A', 'out', 'C', 'many'),
        edge('A', 'out', 'C', 'one'),
        edge('B', 'out', 'C', 'one'),
      ],
    );
    const from = (...ids: string[]) => ids.map((id) => ({ node: id, output: 'out' }));
    expect(plan.nodes[2]?.inputs).toEqual({
      many: { isList: true, from: from('B', 'A') },
      one: { isList: false, from: from('A', 'B') },
    });
  });
});

describe('the variables of a plan', () => {
  it('are the fields that name one; the name is not a value', () => {
    const first = planned({
      model: field('str', 'MODEL', { load_from_db: true }),
      api_key: field('str', 'KEY', { load_from_db: true, password: true }),
      empty: field('str', '', { load_from_db: true }),
    });
    expect(first?.variables).toEqual({
      model: { name: 'MODEL', isSecret: false, isRequired: true },
      api_key: { name: 'KEY', isSecret: true, isRequired: true },
    });
    expect(first?.fields).toEqual({ empty: '' });
  });

  it('are none where an edge feeds the field', () => {
    const { plan } = compiled(
      [node('A'), node('B', 'Step', { in: field('str', 'NAME', { load_from_db: true }) })],
      [edge('A', 'out', 'B', 'in')],
    );
    expect(plan.nodes[1]?.variables).toEqual({});
  });

  it('are also those that a component asks for, unless the field names its own', () => {
    const own = { api_key: field('str', 'MY_KEY', { load_from_db: true, password: true }) };
    const { plan, report } = compiled([node('A', 'Model'), node('B', 'Model', own)]);
    expect(plan.nodes[0]?.variables).toEqual({
      api_key: { name: 'PROVIDER_KEY', isSecret: true, isRequired: true },
      base_url: { name: 'PROVIDER_URL', isSecret: false, isRequired: false },
    });
    expect(plan.nodes[1]?.variables['api_key']?.name).toBe('MY_KEY');
    expect(plan.nodes[0]?.secretHeaders).toEqual(['authorization']);
    expect(report.variables.map(({ name }) => name)).toEqual(['MY_KEY', 'PROVIDER_KEY', 'PROVIDER_URL']);
  });

  it('are each reported once: secret or required where one place says so', () => {
    const { report } = compiled([
      node('A', 'Model'),
      node('B', 'Step', { url: field('str', 'PROVIDER_URL', { load_from_db: true }) }),
      node('C', 'Step', { key: field('str', 'PROVIDER_KEY', { load_from_db: true }) }),
    ]);
    expect(report.variables).toEqual([
      { name: 'PROVIDER_KEY', isSecret: true, isRequired: true },
      { name: 'PROVIDER_URL', isSecret: false, isRequired: true },
    ]);
  });
});

describe('the main input of a plan', () => {
  it.each<[string, [string, string][], Plan['mainInput'], string[]]>([
    ['is the only ChatInput', [['A', 'ChatInput']], { node: 'A', field: 'input_value' }, []],
    [
      'is the ChatInput, whatever else takes an input',
      [
        ['T', 'TextInput'],
        ['A', 'ChatInput'],
      ],
      { node: 'A', field: 'input_value' },
      [],
    ],
    [
      'is else the only node that takes one',
      [
        ['S', 'Step'],
        ['T', 'TextInput'],
      ],
      { node: 'T', field: 'text' },
      [],
    ],
    [
      'is none among several ChatInputs',
      [
        ['A', 'ChatInput'],
        ['B', 'ChatInput'],
        ['T', 'TextInput'],
      ],
      null,
      ['A', 'B'],
    ],
    [
      'is none among several others',
      [
        ['T', 'TextInput'],
        ['U', 'TextInput'],
      ],
      null,
      ['T', 'U'],
    ],
    ['is none where nothing takes an input', [['S', 'Step']], null, []],
  ])('%s', (_what, nodes, mainInput, ambiguous) => {
    const { plan, report } = compiled(nodes.map(([id, type]) => node(id, type)));
    expect(plan.mainInput).toEqual(mainInput);
    expect(report.ambiguousInputs).toEqual(ambiguous);
  });
});

describe('the report of a version', () => {
  it('names inputs, outputs and components', () => {
    const { report } = compiled([node('A', 'ChatInput'), node('B', 'step'), node('C', 'End')]);
    expect(report.inputs).toEqual([{ node: 'A', displayName: 'The A', component: 'ChatInput' }]);
    expect(report.outputs).toEqual([{ node: 'C', displayName: 'The C', component: 'End' }]);
    expect(report.components).toEqual(
      ['ChatInput', 'Step', 'End'].map((component) => ({ component, nodes: 1 })),
    );
  });
});
