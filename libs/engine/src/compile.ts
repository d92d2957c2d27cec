import { DEFAULTS } from '#libs/domain';
import { flawOfJson, type Json } from '#libs/kernel';
import type { Catalog, Component, Reference } from './component.ts';
import { definitionHash } from './content-hash.ts';
import {
  type Definition,
  type DefinitionNode,
  holdsControlCharacter,
  type Problem,
  quoted,
  readDefinition,
  type TemplateField,
} from './definition.ts';
import { findSecretLiterals } from './find-secret-literals.ts';
import type { Plan, PlanNode } from './plan.ts';
import { sortNodes } from './sort-nodes.ts';

/** What is known of a version without running it. */
interface Report {
  inputs: { node: string; displayName: string; component: string }[];
  /** Why there is no main input, if more than one node could take it. */
  ambiguousInputs: string[];
  outputs: { node: string; displayName: string; component: string }[];
  variables: Reference[];
  components: { component: string; nodes: number }[];
}

export type Compiled =
  | { ok: true; contentHash: string; plan: Plan; report: Report }
  | {
      ok: false;
      reason: 'invalid' | 'secret';
      problems: Problem[];
      /** How many problems there are beyond those. */
      more: number;
    };

/** Makes the plan of a definition, or says by node why it cannot. Parses only. */
export function compile(given: Json, catalog: Catalog): Compiled {
  const flaw = flawOfJson(given);
  if (flaw) return refused([{ pointer: '', detail: `The definition cannot be kept: ${flaw}.` }]);
  const read = readDefinition(given);
  if ('problems' in read) return refused(read.problems);
  const { definition } = read;
  const secrets = findSecretLiterals(definition);
  if (secrets.length > 0) return refused(secrets, 'secret');
  const problems = [...doubleIds(definition), ...unsupported(definition)];
  const components = new Map<string, Component>();
  for (const node of definition.nodes) {
    const component = catalog.find({ module: node.body.metadata?.module, type: node.type });
    if (component) components.set(node.id, component);
    else problems.push(problemOf(node, `There is no component "${quoted(node.type)}" in the native engine.`));
  }
  if (definition.nodes.length === 0)
    problems.push({ pointer: `${definition.pointer}/nodes`, detail: 'The flow has no nodes.' });
  const inputs = connect(definition, components, problems);
  const byId = new Map(definition.nodes.map((node) => [node.id, node]));
  const order = sortNodes([...byId.keys()], inputs);
  if (!order)
    problems.push({
      pointer: `${definition.pointer}/edges`,
      detail: 'The flow has a cycle, which the native engine cannot run yet.',
    });
  if (problems.length > 0 || !order) return refused(problems);

  const nodes: PlanNode[] = [];
  for (const id of order) {
    const node = byId.get(id);
    const component = components.get(id);
    if (!node || !component) continue;
    const { fields, variables } = storedFields(node, inputs.get(id) ?? {});
    const stored = { fields, connected: new Set(Object.keys(inputs.get(id) ?? {})) };
    for (const [field, reference] of Object.entries(component.references?.(stored) ?? {}))
      variables[field] ??= reference;
    for (const [field, { name }] of Object.entries(variables)) {
      if (name.length > DEFAULTS.nameLength || holdsControlCharacter(name))
        problems.push(
          problemOf(node, `The field "${quoted(field)}" names a variable as no variable can be named.`),
        );
    }
    for (const detail of component.problems?.(stored) ?? []) problems.push(problemOf(node, detail));
    nodes.push({
      id,
      component: component.name,
      displayName: node.displayName,
      fields,
      variables,
      inputs: inputs.get(id) ?? {},
      secretHeaders: [...(component.secretHeaders ?? [])],
    });
  }
  const { mainInput, ambiguousInputs } = chooseMainInput(nodes, components);
  const outputs = nodes.filter((node) => components.get(node.id)?.role === 'output').map((node) => node.id);
  const plan: Plan = { format: 1, nodes, mainInput, outputs };
  const report = reportOf(plan, ambiguousInputs, components);
  const reportBytes = Buffer.byteLength(JSON.stringify(report));
  if (reportBytes > DEFAULTS.versionReportBytes)
    problems.push({
      pointer: definition.pointer,
      detail: `The names of the inputs, outputs and variables of a flow can take ${DEFAULTS.versionReportBytes} bytes, and here they take ${reportBytes}.`,
    });
  if (problems.length > 0) return refused(problems);
  return { ok: true, contentHash: definitionHash(definition), plan, report };
}

function refused(problems: readonly Problem[], reason: 'invalid' | 'secret' = 'invalid'): Compiled {
  const listed = problems.slice(0, DEFAULTS.listedProblems);
  return { ok: false, reason, problems: listed, more: problems.length - listed.length };
}

function doubleIds(definition: Definition): Problem[] {
  const seen = new Set<string>();
  return definition.nodes.flatMap((node) => {
    if (!seen.has(node.id)) {
      seen.add(node.id);
      return [];
    }
    return [problemOf(node, `The id "${quoted(node.id)}" stands on more than one node.`)];
  });
}

function unsupported(definition: Definition): Problem[] {
  return definition.nodes.flatMap((node) => {
    if (node.body.flow !== undefined && node.body.flow !== null) {
      return [problemOf(node, 'Groups cannot be run by the native engine yet: ungroup the node.')];
    }
    if (node.body.tool_mode) return [problemOf(node, 'Tool mode cannot be run by the native engine yet.')];
    return [];
  });
}

type Inputs = Map<string, PlanNode['inputs']>;

function connect(
  definition: Definition,
  components: ReadonlyMap<string, Component>,
  problems: Problem[],
): Inputs {
  const nodes = new Map(definition.nodes.map((node) => [node.id, node]));
  const inputs: Inputs = new Map();
  for (const edge of definition.edges) {
    const { pointer } = edge;
    const source = nodes.get(edge.source);
    const target = nodes.get(edge.target);
    if (!source || !target) {
      problems.push({
        pointer,
        detail: `The edge from "${quoted(edge.source)}" to "${quoted(edge.target)}" has an end that is no node.`,
      });
      continue;
    }
    const output = edge.sourceHandle?.['name'];
    const field = edge.targetHandle?.['fieldName'];
    if (!isName(output) || !isName(field) || field.startsWith('__')) {
      problems.push({
        pointer,
        detail: `Edge between ${quoted(source.displayName)} and ${quoted(target.displayName)} has invalid handles.`,
      });
      continue;
    }
    const component = components.get(source.id);
    if (component && !Object.hasOwn(component.outputs, output)) {
      problems.push({
        pointer,
        node: source.id,
        detail: `"${quoted(source.displayName)}" (${quoted(source.id)}) has no output "${quoted(output)}".`,
      });
      continue;
    }
    const isList = target.fields.get(field)?.list === true;
    const fields = inputs.get(target.id) ?? {};
    const known = Object.hasOwn(fields, field) ? fields[field] : undefined;
    const input = known ?? { isList, from: [] };
    input.from.push({ node: source.id, output });
    fields[field] = input;
    inputs.set(target.id, fields);
  }
  return inputs;
}

function isName(value: Json | undefined): value is string {
  return typeof value === 'string' && value.length <= DEFAULTS.nameLength;
}

function storedFields(
  node: DefinitionNode,
  inputs: PlanNode['inputs'],
): { fields: Record<string, Json>; variables: Record<string, Reference> } {
  const fields: Record<string, Json> = {};
  const variables: Record<string, Reference> = {};
  for (const [name, field] of node.fields) {
    if (Object.hasOwn(inputs, name) || name.startsWith('_') || name === 'code') continue;
    if (field.type === 'other' || (field.show === false && !field.override_skip)) continue;
    if (field.load_from_db && typeof field.value === 'string' && field.value !== '') {
      variables[name] = { name: field.value, isSecret: field.password === true, isRequired: true };
    } else if (field.value !== undefined) {
      fields[name] = coerced(field);
    }
  }
  return { fields, variables };
}

/** Langflow's own coercions of stored values. */
function coerced({ type, value = null }: TemplateField): Json {
  switch (type) {
    case 'str':
      return unescaped(value);
    case 'int':
      return typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number.parseInt(value, 10) : value;
    case 'float':
    case 'slider':
      return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
        ? Number(value)
        : value;
    case 'bool':
      return typeof value === 'string' ? value !== '' : Boolean(value);
    default:
      return value;
  }
}

function unescaped(value: Json): Json {
  if (Array.isArray(value)) return value.map(unescaped);
  return typeof value === 'string' ? value.replaceAll('\\n', '\n') : value;
}

/** The only ChatInput; without one the only other node that takes an input. */
function chooseMainInput(
  nodes: readonly PlanNode[],
  components: ReadonlyMap<string, Component>,
): { mainInput: Plan['mainInput']; ambiguousInputs: string[] } {
  const takers = nodes.filter((node) => components.get(node.id)?.inputField !== undefined);
  const chats = takers.filter((node) => node.component === 'ChatInput');
  const candidates = chats.length > 0 ? chats : takers;
  const [only] = candidates;
  const field = only && components.get(only.id)?.inputField;
  if (candidates.length === 1 && only && field)
    return { mainInput: { node: only.id, field }, ambiguousInputs: [] };
  return { mainInput: null, ambiguousInputs: candidates.map((node) => node.id) };
}

function reportOf(plan: Plan, ambiguousInputs: string[], components: ReadonlyMap<string, Component>): Report {
  const inRole = (role: Component['role']) =>
    plan.nodes
      .filter((node) => components.get(node.id)?.role === role)
      .map(({ id, displayName, component }) => ({ node: id, displayName, component }));
  const counts = new Map<string, number>();
  for (const { component } of plan.nodes) counts.set(component, (counts.get(component) ?? 0) + 1);
  const variables = new Map<string, Reference>();
  for (const reference of plan.nodes.flatMap((node) => Object.values(node.variables))) {
    const known = variables.get(reference.name);
    variables.set(reference.name, {
      name: reference.name,
      isSecret: reference.isSecret || known?.isSecret === true,
      isRequired: reference.isRequired || known?.isRequired === true,
    });
  }
  return {
    inputs: inRole('input'),
    ambiguousInputs,
    outputs: inRole('output'),
    variables: [...variables.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    components: [...counts].map(([component, count]) => ({ component, nodes: count })),
  };
}

function problemOf(node: DefinitionNode, detail: string): Problem {
  return { node: node.id, pointer: node.pointer, detail };
}
