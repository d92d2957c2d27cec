import { describe, expect, it } from '@jest/globals';
import type { Json, JsonObject } from '#libs/kernel';
import { chain, chatInput, chatOutput, edge, field, prompt } from '../../testing/src/flows.ts';
import { compile } from './compile.ts';
import { type Component, catalogOf } from './component.ts';

const component = (name: string, more: Partial<Component> = {}): Component => ({
  name,
  aliases: [],
  modules: [],
  role: 'inner',
  outputs: { message: 'Message', prompt: 'Message' },
  run: async () => ({}),
  ...more,
});
const CATALOG = catalogOf([
  component('ChatInput', { role: 'input', inputField: 'input_value' }),
  component('Prompt'),
  component('ChatOutput', { role: 'output' }),
]);
const MiB = 1_048_576;

const node = (id: string, template: JsonObject = {}, body: JsonObject = {}, type = 'Prompt'): JsonObject => ({
  id,
  data: { type, node: { display_name: id, template, ...body } },
});
const many = <Item>(count: number, make: (index: number) => Item) =>
  Array.from({ length: count }, (_, index) => make(index));
const fields = (count: number) =>
  Object.fromEntries(many(count, (index) => [`f${index}`, field('str', 'x')]));

function refusal(definition: Json) {
  const compiled = compile(definition, CATALOG);
  if (compiled.ok) throw new Error('it was compiled');
  return compiled;
}

function report(definition: Json) {
  const compiled = compile(definition, CATALOG);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.report;
}

describe('a definition that is larger than any flow', () => {
  it.each<[string, JsonObject, object]>([
    [
      'nodes',
      { nodes: many(2_001, () => 1), edges: [] },
      { pointer: '/nodes', detail: 'A flow can have 2000 nodes, and this one has 2001.' },
    ],
    [
      'edges',
      { nodes: [], edges: many(5_001, () => 1) },
      { pointer: '/edges', detail: 'A flow can have 5000 edges, and this one has 5001.' },
    ],
    [
      'fields of a node',
      { nodes: [node('A', fields(501))], edges: [] },
      { node: 'A', pointer: '/nodes/0', detail: 'A node can have 500 fields, and this one has 501.' },
    ],
    [
      'characters in the name of a node',
      { nodes: [node('A', {}, { display_name: 'n'.repeat(201) })], edges: [] },
      {
        node: 'A',
        pointer: '/nodes/0',
        detail: "A node's name can have 200 characters, and this one has 201.",
      },
    ],
    [
      'characters in the name of a field',
      { nodes: [node('A', { ['f'.repeat(201)]: field('str', 'x') })], edges: [] },
      {
        node: 'A',
        pointer: '/nodes/0',
        detail: "A field's name can have 200 characters, and one of this node has 201.",
      },
    ],
  ])('is refused for its %s', (_what, definition, problem) => {
    expect(refusal(definition)).toMatchObject({ reason: 'invalid', problems: [problem] });
  });

  it('is refused for the names in its handles', () => {
    for (const [output, into] of [
      ['message', 'f'.repeat(201)],
      ['o'.repeat(201), 'in'],
    ] as const) {
      const definition = { nodes: [node('A'), node('B')], edges: [edge('A', output, 'B', into)] };
      expect(refusal(definition).problems).toEqual([
        { pointer: '/edges/0', detail: 'Edge between A and B has invalid handles.' },
      ]);
    }
  });

  it('is told of fifty problems, and how many there are beside them', () => {
    const loose = many(5_000, () => ({ source: 'A', target: 'B' }));
    const problems = refusal({ nodes: [node('A'), node('B')], edges: loose });
    expect([problems.problems.length, problems.more]).toEqual([50, 4_950]);
    const broken = refusal({ nodes: many(200, () => 1), edges: [] });
    expect([broken.problems.length, broken.more]).toEqual([50, 150]);
    const secrets = Object.fromEntries(
      many(60, (index) => [`f${index}`, field('str', 'x', { password: true })]),
    );
    const literal = refusal({ nodes: [node('A', secrets)], edges: [] });
    expect([literal.reason, literal.problems.length, literal.more]).toEqual(['secret', 50, 10]);
  });

  it.each<[string, (name: string) => JsonObject]>([
    ['a type', (name) => ({ nodes: [node('A', {}, {}, name)], edges: [] })],
    ['an end of an edge', (name) => ({ nodes: [node('A')], edges: [edge(name, 'message', name, 'in')] })],
  ])('has the first eighty characters of a name repeated to it: %s', (_what, make) => {
    const { problems } = refusal(make(`${'x'.repeat(79)}😀${'y'.repeat(MiB)}`));
    const text = JSON.stringify(problems);
    expect(text).toContain(`"${'x'.repeat(79)}�…\\"`);
    expect(text.length).toBeLessThan(500);
  });
});

describe('names that no table can hold', () => {
  it.each(['\u0000', '\n', '\u007f'])('are refused as ids of nodes', (character) => {
    const id = `Chat${character}Input-1`;
    expect(refusal(chain({ ...chatInput(), id }, chatOutput())).problems).toEqual([
      { node: id, pointer: '/nodes/0', detail: "A node's id cannot hold a control character." },
    ]);
  });

  it.each(['A\u0000KEY', 'K'.repeat(201)])('are refused as names of variables', (name) => {
    const definition = { nodes: [node('A', { key: field('str', name, { load_from_db: true }) })], edges: [] };
    expect(refusal(definition).problems).toEqual([
      {
        node: 'A',
        pointer: '/nodes/0',
        detail: 'The field "key" names a variable as no variable can be named.',
      },
    ]);
  });
});

describe('the report of a large flow', () => {
  it('counts components, instead of naming all nodes', () => {
    const prompts = many(1_998, (index) => prompt(`Prompt-with-a-long-name-${index}`, '', []));
    const large = report({ nodes: [chatInput(), ...prompts, chatOutput()], edges: [] });
    expect(large.components).toEqual([
      { component: 'ChatInput', nodes: 1 },
      { component: 'Prompt', nodes: 1_998 },
      { component: 'ChatOutput', nodes: 1 },
    ]);
    expect(JSON.stringify(large).length).toBeLessThan(1_000);
  });

  it.each<[string, JsonObject[]]>([
    ['inputs', many(200, (index) => chatInput(`${index}-${'é'.repeat(190)}`))],
    ['outputs', many(200, (index) => chatOutput(`${index}-${'é'.repeat(190)}`))],
    [
      'variables',
      many(2, (of) =>
        node(
          `N${of}`,
          Object.fromEntries(
            many(400, (index) => [
              `f${index}`,
              field('str', `V${of}_${index}_${'X'.repeat(80)}`, { load_from_db: true }),
            ]),
          ),
        ),
      ),
    ],
  ])('takes at most 64 KiB: a flow is refused for the names of its %s', (_what, nodes) => {
    expect(refusal({ nodes, edges: [] }).problems).toEqual([
      { pointer: '', detail: expect.stringContaining('can take 65536 bytes') },
    ]);
  });
});

describe('the largest definition that is allowed', () => {
  /** Of the processor, so that what else a machine does makes no difference. */
  const secondsOf = (definition: Json) => {
    expect(JSON.stringify(definition).length).toBeLessThan(5 * MiB);
    const before = process.cpuUsage();
    const isOk = compile(definition, CATALOG).ok;
    const { user, system } = process.cpuUsage(before);
    return { isOk, seconds: (user + system) / 1e6 };
  };

  it('compiles in less than a second where all edges end at the node with the most fields', () => {
    const names = many(1_999, (index) => `N${index}`);
    const nodes = [...names.map((name) => node(name)), node('Last', fields(500))];
    const edges = many(5_000, (index) => edge(`N${index % 1_999}`, 'prompt', 'Last', `f${index % 500}`));
    const { isOk, seconds } = secondsOf({ nodes, edges });
    expect(isOk).toBe(true);
    expect(seconds).toBeLessThan(1);
  });

  it('compiles in less than a second where one node feeds all', () => {
    const nodes = many(2_000, (index) => node(`N${index}`));
    const edges = many(5_000, (index) => edge('N0', 'prompt', `N${1 + (index % 1_999)}`, `in${index % 7}`));
    const { isOk, seconds } = secondsOf({ nodes, edges });
    expect(isOk).toBe(true);
    expect(seconds).toBeLessThan(1);
  });

  it('compiles in seconds where its five MiB are fields', () => {
    const template = Object.fromEntries(many(200, (index) => [`${index}`, {}]));
    const nodes = many(2_000, (index) => node(`N${index}`, template));
    const { isOk, seconds } = secondsOf({ nodes, edges: [] });
    expect(isOk).toBe(true);
    expect(seconds).toBeLessThan(10);
  });
});
