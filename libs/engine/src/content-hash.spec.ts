import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { canonicalJson, type Json, type JsonObject } from '#libs/kernel';
import { definitionHash } from './content-hash.ts';
import { readDefinition } from './definition.ts';

function hash(given: Json): string {
  const read = readDefinition(given);
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
  return definitionHash(read.definition);
}

const template = (value: string): JsonObject => ({ template: { type: 'prompt', value } });
const node = (id: string, body: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  id,
  type: 'genericNode',
  ...more,
  data: {
    id,
    type: 'Prompt',
    node: { display_name: 'Prompt', template: template('hi'), outputs: [], ...body },
  },
});
const link = (source: string, target: string, fieldName = 'in'): JsonObject => ({
  source,
  target,
  data: { sourceHandle: { id: source, name: 'prompt' }, targetHandle: { id: target, fieldName } },
});
const flow = (nodes: JsonObject[], edges: JsonObject[] = []): JsonObject => ({ nodes, edges });

const BASE = flow([node('A'), node('B')], [link('A', 'B')]);

describe("a definition's name", () => {
  it('is SHA-256 over the canonical JSON of its nodes and edges', () => {
    const part = (id: string) => ({
      id,
      type: 'Prompt',
      node: { display_name: 'Prompt', template: template('hi'), outputs: [] },
    });
    const edge = {
      source: 'A',
      target: 'B',
      sourceHandle: { id: 'A', name: 'prompt' },
      targetHandle: { id: 'B', fieldName: 'in' },
    };
    const canonical = canonicalJson({ nodes: [part('A'), part('B')], edges: [edge] });
    expect(hash(BASE)).toBe(createHash('sha256').update(canonical).digest('hex'));
  });

  const moved = { position: { x: 9, y: 9 }, positionAbsolute: { x: 9, y: 9 }, measured: { width: 1 } };
  const looks = { width: 1, height: 2, dragging: true, selected: true };
  const inFlow = (inner: JsonObject) => ({
    flow: { data: { nodes: [node('I', inner)], edges: [] }, name: 'group' },
  });

  it.each<[string, Json, Json]>([
    [
      'where a node stands and how it looks',
      flow([node('A', {}, { ...moved, ...looks }), node('B')], [link('A', 'B')]),
      BASE,
    ],
    [
      'when a component was updated',
      flow([node('A', { last_updated: 'x', score: 1, priority: 2 }), node('B')], [link('A', 'B')]),
      BASE,
    ],
    [
      'the envelope',
      { id: 'f', name: 'n', description: 'd', tags: ['t'], endpoint_name: 'e', data: BASE },
      BASE,
    ],
    ['the viewport', { ...BASE, viewport: { x: 1, y: 1, zoom: 2 } }, BASE],
    [
      'a note',
      flow(
        [{ id: 'N', type: 'noteNode', data: { type: 'note', node: { template: {} } } }, node('A'), node('B')],
        [link('A', 'B')],
      ),
      BASE,
    ],
    ['the order of nodes', flow([node('B'), node('A')], [link('A', 'B')]), BASE],
    [
      'the order of edges',
      flow([node('A'), node('B')], [link('A', 'B'), link('B', 'A', 'x')]),
      flow([node('A'), node('B')], [link('B', 'A', 'x'), link('A', 'B')]),
    ],
    [
      'the order of names',
      flow([node('A'), node('B')], [Object.fromEntries(Object.entries(link('A', 'B')).reverse())]),
      BASE,
    ],
    [
      "an edge's own looks",
      flow(
        [node('A'), node('B')],
        [{ ...link('A', 'B'), id: 'reactflow__edge', animated: true, className: 'c', selected: true }],
      ),
      BASE,
    ],
    [
      'handles that are written with œ',
      flow(
        [node('A'), node('B')],
        [
          {
            source: 'A',
            target: 'B',
            sourceHandle: '{œnameœ: œpromptœ, œidœ: œAœ}',
            targetHandle: '{œfieldNameœ: œinœ,œidœ: œBœ}',
          },
        ],
      ),
      BASE,
    ],
    [
      'when a component within a group was updated',
      flow([node('A', inFlow({ last_updated: 'x', score: 3, priority: 1 }))]),
      flow([node('A', inFlow({}))]),
    ],
  ])('does not depend on %s', (_what, one, other) => {
    expect(hash(one)).toBe(hash(other));
  });

  it.each<[string, Json, Json]>([
    ['the id of a node', flow([node('A'), node('C')]), flow([node('A'), node('B')])],
    [
      'the type of a node',
      flow([{ ...node('A'), data: { ...(node('A')['data'] as JsonObject), type: 'X' } }]),
      flow([node('A')]),
    ],
    ['the value of a field', flow([node('A', { template: template('ho') })]), flow([node('A')])],
    ['a blank in the value of a field', flow([node('A', { template: template('hi ') })]), flow([node('A')])],
    ['a display name', flow([node('A', { display_name: 'Other' })]), flow([node('A')])],
    [
      'an empty list of outputs that does not stand there',
      flow([{ id: 'A', data: { id: 'A', type: 'Prompt', node: { template: template('hi') } } }]),
      flow([{ id: 'A', data: { id: 'A', type: 'Prompt', node: { template: template('hi'), outputs: [] } } }]),
    ],
    ['a field that nobody knows', flow([node('A', { frozen: true })]), flow([node('A')])],
    [
      'a field that is named as what is no content higher up',
      flow([node('A', { template: { ...template('hi'), score: { value: 1 } } })]),
      flow([node('A')]),
    ],
    ['an edge', flow([node('A'), node('B')]), BASE],
    ['an edge that stands there twice', flow([node('A'), node('B')], [link('A', 'B'), link('A', 'B')]), BASE],
    ["an edge's target", flow([node('A'), node('B')], [link('A', 'A')]), BASE],
    ["an edge's field", flow([node('A'), node('B')], [link('A', 'B', 'other')]), BASE],
    [
      "the order of a list's items",
      flow([node('A', { outputs: [{ name: 'a' }, { name: 'b' }] })]),
      flow([node('A', { outputs: [{ name: 'b' }, { name: 'a' }] })]),
    ],
    [
      'what stands within a group',
      flow([node('A', inFlow({ display_name: 'x' }))]),
      flow([node('A', inFlow({}))]),
    ],
    ['the missing handles of an edge', flow([node('A'), node('B')], [{ source: 'A', target: 'B' }]), BASE],
  ])('depends on %s', (_what, one, other) => {
    expect(hash(one)).not.toBe(hash(other));
  });
});
