import { z } from 'zod';
import { DEFAULTS } from '#libs/domain';
import { flawOfJson, isJsonObject, type Json, type JsonObject } from '#libs/kernel';

/** A field of a node's template. Langflow's exports hold more; what is not named here is carried along untouched. */
const TemplateField = z.looseObject({
  type: z.string().optional(),
  value: z.custom<Json>().optional(), // it was JSON before
  show: z.boolean().optional(),
  list: z.boolean().optional(),
  password: z.boolean().optional(),
  load_from_db: z.boolean().optional(),
  override_skip: z.boolean().optional(),
});
export type TemplateField = z.output<typeof TemplateField>;

const NodeBody = z.looseObject({
  display_name: z.string().optional(),
  template: z.record(z.string(), z.unknown()).optional(),
  metadata: z.looseObject({ module: z.string().optional() }).optional(),
  tool_mode: z.boolean().optional(),
  flow: z.unknown().optional(),
});

const RawNode = z.looseObject({
  id: z.string().min(1).max(DEFAULTS.nameLength),
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
  fields: ReadonlyMap<string, TemplateField>;
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
  const overfull = overfullLists(graph, prefix);
  if (overfull.length > 0) return { problems: overfull };
  const parsed = Graph.safeParse(graph);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => ({
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
  const problems = nodes.flatMap((node) =>
    flawsOf(node).map((detail) => ({ node: node.id, pointer: node.pointer, detail })),
  );
  if (problems.length > 0) return { problems };
  const edges = parsed.data.edges.map((edge, index) => ({
    pointer: `${prefix}/edges/${index}`,
    source: edge.source,
    target: edge.target,
    sourceHandle: decodeHandle(edge.data?.sourceHandle ?? edge.sourceHandle),
    targetHandle: decodeHandle(edge.data?.targetHandle ?? edge.targetHandle),
  }));
  return {
    definition: {
      pointer: prefix,
      nodes: nodes.map((node) => ({ ...node, fields: fieldsOf(node.body) })),
      edges,
    },
  };
}

const LISTS = [
  ['nodes', DEFAULTS.definitionNodes],
  ['edges', DEFAULTS.definitionEdges],
] as const;

/** Counted first, as every item that is read costs time, and every wrong one an error. */
function overfullLists(graph: Json, prefix: string): Problem[] {
  return LISTS.flatMap(([name, most]) => {
    const list = isJsonObject(graph) ? graph[name] : undefined;
    if (!Array.isArray(list) || list.length <= most) return [];
    const detail = `A flow can have ${most} ${name}, and this one has ${list.length}.`;
    return [{ pointer: `${prefix}/${name}`, detail }];
  });
}

function flawsOf({ id, displayName, body }: Omit<DefinitionNode, 'fields'>): string[] {
  const names = Object.keys(body.template ?? {});
  const { nameLength, definitionNodeFields } = DEFAULTS;
  const flaws: string[] = [];
  if (holdsControlCharacter(id)) flaws.push("A node's id cannot hold a control character.");
  if (displayName.length > nameLength)
    flaws.push(`A node's name can have ${nameLength} characters, and this one has ${displayName.length}.`);
  if (names.length > definitionNodeFields)
    flaws.push(`A node can have ${definitionNodeFields} fields, and this one has ${names.length}.`);
  const longest = Math.max(0, ...names.slice(0, definitionNodeFields).map((name) => name.length));
  if (longest > nameLength)
    flaws.push(`A field's name can have ${nameLength} characters, and one of this node has ${longest}.`);
  return flaws;
}

/** What a table cannot hold in its text, and nobody can read. */
export function holdsControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** A name as an error repeats it. */
export function quoted(name: string): string {
  const { quotedNameLength: length } = DEFAULTS;
  return name.length > length ? `${name.slice(0, length).toWellFormed()}…` : name;
}

function fieldsOf({ template = {} }: DefinitionNode['body']): Map<string, TemplateField> {
  const fields = new Map<string, TemplateField>();
  for (const [name, raw] of Object.entries(template)) {
    const field = TemplateField.safeParse(raw);
    if (field.success) fields.set(name, field.data);
  }
  return fields;
}

/** Handles stand in the file as JSON whose quotes are written œ. */
function decodeHandle(handle: string | Record<string, unknown> | null | undefined): JsonObject | undefined {
  if (typeof handle !== 'string') return (handle as JsonObject | null | undefined) ?? undefined;
  try {
    const decoded: unknown = JSON.parse(handle.replaceAll('œ', '"'));
    return isJsonObject(decoded) && !flawOfJson(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}
