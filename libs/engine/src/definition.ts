import { z } from 'zod';
import { isJsonObject, type Json, type JsonObject } from '#libs/kernel';

/** A field of a node's template. Langflow's exports hold more; what is not named here is carried along untouched. */
const TemplateField = z.looseObject({
  type: z.string().optional(),
  value: z.json().optional(),
  show: z.boolean().optional(),
  list: z.boolean().optional(),
  password: z.boolean().optional(),
  load_from_db: z.boolean().optional(),
  override_skip: z.boolean().optional(),
});
export type TemplateField = z.output<typeof TemplateField>;

const Output = z.looseObject({ name: z.string() });

const NodeBody = z.looseObject({
  display_name: z.string().optional(),
  template: z.record(z.string(), z.unknown()).optional(),
  outputs: z.array(Output).optional(),
  metadata: z.looseObject({ module: z.string().optional() }).optional(),
  tool_mode: z.boolean().optional(),
  flow: z.unknown().optional(),
});

const RawNode = z.looseObject({
  id: z.string().min(1).max(200),
  type: z.string().optional(),
  data: z.looseObject({ type: z.string().optional(), node: NodeBody.optional() }),
});

const Handle = z.union([z.string(), z.record(z.string(), z.unknown())]);

const RawEdge = z.looseObject({
  source: z.string(),
  target: z.string(),
  sourceHandle: Handle.nullish(),
  targetHandle: Handle.nullish(),
  data: z.looseObject({ sourceHandle: Handle.nullish(), targetHandle: Handle.nullish() }).nullish(),
});

const Graph = z.looseObject({ nodes: z.array(RawNode), edges: z.array(RawEdge) });

export interface DefinitionNode {
  id: string;
  /** Where it stands in what was given. */
  pointer: string;
  type: string;
  displayName: string;
  body: z.output<typeof NodeBody>;
}

interface DefinitionEdge {
  pointer: string;
  source: string;
  target: string;
  sourceHandle: JsonObject | undefined;
  targetHandle: JsonObject | undefined;
}

/** A Langflow export, read: notes left out, handles decoded. */
export interface Definition {
  pointer: string;
  nodes: DefinitionNode[];
  edges: DefinitionEdge[];
}

export interface Problem {
  /** The node it is about, where it is about one. */
  node?: string;
  pointer: string;
  detail: string;
}

/** Reads an export, with or without its envelope. Parses only; nothing of it is ever evaluated here. */
export function readDefinition(given: Json): { definition: Definition } | { problems: Problem[] } {
  const graph = isJsonObject(given) && isJsonObject(given['data']) ? given['data'] : given;
  const prefix = graph === given ? '' : '/data';
  const parsed = Graph.safeParse(graph);
  if (!parsed.success) {
    const problems = parsed.error.issues.slice(0, 50).map((issue) => ({
      pointer: [prefix, ...issue.path].join('/'),
      detail: `This is not a Langflow export: ${issue.message}.`,
    }));
    return { problems };
  }
  const nodes = parsed.data.nodes.flatMap(({ id, type, data }, index) =>
    type === 'noteNode' || data.type === 'note' || !data.node
      ? []
      : [
          {
            id,
            pointer: `${prefix}/nodes/${index}`,
            type: data.type ?? '',
            displayName: data.node.display_name ?? data.type ?? id,
            body: data.node,
          },
        ],
  );
  const edges = parsed.data.edges.map((edge, index) => ({
    pointer: `${prefix}/edges/${index}`,
    source: edge.source,
    target: edge.target,
    sourceHandle: decodeHandle(edge.data?.sourceHandle ?? edge.sourceHandle),
    targetHandle: decodeHandle(edge.data?.targetHandle ?? edge.targetHandle),
  }));
  return { definition: { pointer: prefix, nodes, edges } };
}

export function fieldsOf(node: DefinitionNode): [name: string, field: TemplateField][] {
  return Object.entries(node.body.template ?? {}).flatMap(([name, raw]) => {
    const field = TemplateField.safeParse(raw);
    return field.success ? [[name, field.data] as [string, TemplateField]] : [];
  });
}

/** Handles stand in the file as JSON whose quotes are written œ. */
function decodeHandle(handle: string | Record<string, unknown> | null | undefined): JsonObject | undefined {
  if (typeof handle !== 'string') return (handle as JsonObject | null | undefined) ?? undefined;
  try {
    const decoded: unknown = JSON.parse(handle.replaceAll('œ', '"'));
    return isJsonObject(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}
