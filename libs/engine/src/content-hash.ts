import { createHash } from 'node:crypto';
import { canonicalJson, isJsonObject, type Json, type JsonObject } from '#libs/kernel';
import type { Definition } from './definition.ts';

const NOT_CONTENT = ['last_updated', 'score', 'priority'];

/** The name of a definition's content: the same for every export that runs the same. */
export function definitionHash(definition: Definition): string {
  const nodes = definition.nodes
    .map(({ id, type, body }) => ({ id, type, node: contentOf(body as JsonObject) }))
    .sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const edges = definition.edges
    .map(({ source, target, sourceHandle, targetHandle }) =>
      canonicalJson({
        source,
        target,
        sourceHandle: sourceHandle ?? null,
        targetHandle: targetHandle ?? null,
      }),
    )
    .sort();
  const canonical = `{"edges":[${edges.join(',')}],"nodes":${canonicalJson(nodes as Json)}}`;
  return createHash('sha256').update(canonical).digest('hex');
}

function contentOf(body: JsonObject): JsonObject {
  const kept = Object.entries(body).filter(([key]) => !NOT_CONTENT.includes(key));
  return Object.fromEntries(kept.map(([key, value]) => [key, key === 'flow' ? groupContent(value) : value]));
}

/** The nodes inside a group follow the same rule. */
function groupContent(flow: Json): Json {
  if (!isJsonObject(flow) || !isJsonObject(flow['data']) || !Array.isArray(flow['data']['nodes']))
    return flow;
  const nodes = flow['data']['nodes'].map((node) => {
    if (!isJsonObject(node) || !isJsonObject(node['data']) || !isJsonObject(node['data']['node']))
      return node;
    return { ...node, data: { ...node['data'], node: contentOf(node['data']['node']) } };
  });
  return { ...flow, data: { ...flow['data'], nodes } };
}
