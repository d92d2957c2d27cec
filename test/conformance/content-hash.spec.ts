import { createHash } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { COMPONENTS } from '#libs/components';
import { catalogOf, compile } from '#libs/engine';
import type { Json } from '#libs/kernel';
import { definitionHash } from '../../libs/engine/src/content-hash.ts';
import { readDefinition } from '../../libs/engine/src/definition.ts';
import {
  describeRecorded,
  flowNames,
  flowOf,
  type GoldenFlow,
  type GoldenNode,
  nodesOf,
} from './recordings.ts';

/** Names that versions already have: content must keep its name, whatever becomes of our code. */
const NAMES: Record<string, string> = {
  'simple-chat-no-llm': '76f96fa7d8f7393ad8ac60df050a3036161ce7d9addcd6fd410d3bddd3cf0eef',
  'basic-prompting': 'e8ad59b5213a92bd48b98ae12abf8a8ffcbfefd7b62371be8a8c713645dcbbae',
  'basic-prompt-chaining': 'c76a54f7608a9f99b0cef8b98f0a2a23cf23e3c4a3856cc475d1951b597f991c',
  'seo-keyword-generator': '607f2d4718aaaa7737ffdc111aadbc1a78e11cff2f0306028876a05a9784e3dc',
  'twitter-thread-generator': '1e97baf9871fe84483e064061ba6fe12bf44f8e240883178db0dddfedf71b3df',
};

/** The rule of the formats, section 10, written a second time. */
function hashByTheBook(flow: GoldenFlow): string {
  const content = ({ last_updated: _l, score: _s, priority: _p, ...kept }: Record<string, unknown>) => {
    const group = kept['flow'] as { data: { nodes: GoldenNode[] } } | undefined;
    if (!group) return kept;
    const nodes = group.data.nodes.map((node): object =>
      node.data.node ? { ...node, data: { ...node.data, node: content(node.data.node) } } : node,
    );
    return { ...kept, flow: { ...group, data: { ...group.data, nodes } } };
  };
  const handle = (data: unknown, text = 'null') => data ?? JSON.parse(text.replaceAll('œ', '"'));
  const nodes = nodesOf(flow)
    .map(({ id, data }) => ({ id, type: data.type, node: content(data.node ?? {}) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const edges = flow.data.edges
    .map(({ source, target, sourceHandle, targetHandle, data }) =>
      jcs({
        source,
        target,
        sourceHandle: handle(data?.sourceHandle, sourceHandle),
        targetHandle: handle(data?.targetHandle, targetHandle),
      }),
    )
    .sort();
  return createHash('sha256')
    .update(`{"edges":[${edges}],"nodes":${jcs(nodes)}}`)
    .digest('hex');
}

function jcs(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function nameOf(given: Json): string {
  const read = readDefinition(given);
  if ('problems' in read) throw new Error(JSON.stringify(read.problems));
  return definitionHash(read.definition);
}

describeRecorded("the names of the content of Langflow's own flows", () => {
  it.each(flowNames())('follow the formats: %s', (name) => {
    expect(nameOf(flowOf(name))).toBe(hashByTheBook(flowOf(name)));
  });

  it.each(flowNames())('stay when a flow is moved about and renamed: %s', (name) => {
    const { nodes, edges } = flowOf(name).data;
    const moved = nodes.map((node) => ({ ...node, position: { x: 1, y: 2 }, selected: true }));
    const note = { id: 'note', type: 'noteNode', data: { type: 'note', node: { template: {} } } };
    const other = { name: 'another', data: { nodes: [note, ...moved.reverse()], edges: edges.toReversed() } };
    expect(nameOf(other)).toBe(nameOf(flowOf(name)));
  });

  it('are all different', () => {
    const names = flowNames().map((name) => nameOf(flowOf(name)));
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(Object.entries(NAMES))('are what they were: %s', (name, hash) => {
    expect(compile(flowOf(name), catalogOf(COMPONENTS))).toMatchObject({ ok: true, contentHash: hash });
  });
});
