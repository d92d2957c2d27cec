import type { Json } from '#libs/kernel';
import type { Catalog, Component, EmittedEvent, NodeRun } from './component.ts';
import { Measure, type Measuring } from './measure.ts';
import { ComponentError, NodeError } from './node-error.ts';
import type { Plan, PlanNode } from './plan.ts';
import { type FlowOutput, flowOutput, type NodeOutput, nodeOutput } from './run-output.ts';
import { StepQueue } from './step-queue.ts';
import type { Value } from './value.ts';

export type Outputs = Record<string, Value>;

/** What the engine has to say while it runs. A `completed` step is a node's event and, in it, the state to be kept. */
export type Step =
  | { kind: 'event'; type: 'node.started'; data: { nodeId: string; component: string; iteration: number } }
  | { kind: 'event'; type: 'output'; data: { nodeId: string } & NodeOutput }
  | ({ kind: 'event' } & EmittedEvent)
  | {
      kind: 'completed';
      nodeId: string;
      iteration: number;
      outputs: Outputs;
      durationMs: number;
      resumed: boolean;
    };

/** The world of a run. */
export interface Host extends Measuring {
  variable(name: string): string | undefined;
  stableId(nodeId: string, purpose: string): string;
}

export interface Execution {
  plan: Plan;
  catalog: Catalog;
  host: Host;
  sessionId: string;
  /** The main input; undefined leaves what is stored in the flow. */
  input: Json | undefined;
  /** Outputs of nodes that an earlier attempt completed: they are not run again. */
  completed: ReadonlyMap<string, Outputs>;
  signal: AbortSignal;
}

const FIRST_PASS = 0;

/** Runs a plan, as much at once as its edges allow. Ends with the output, or throws the first node's error. */
export async function* execute(execution: Execution): AsyncGenerator<Step, FlowOutput> {
  const { plan, signal } = execution;
  const queue = new StepQueue<
    Step | { kind: 'settled'; node: PlanNode } | { kind: 'failed'; error: unknown }
  >();
  const readers = readersOf(plan);
  const done = new Map<string, Outputs>();
  const shown = new Map<string, NodeOutput>();
  const waitingFor = new Map(plan.nodes.map((node) => [node.id, sourcesOf(node).size]));
  const stop = new AbortController();
  const runSignal = AbortSignal.any([signal, stop.signal]);
  const measure = new Measure(execution.host, runSignal);

  const start = (node: PlanNode) => {
    const resumed = execution.completed.get(node.id);
    const startedMs = execution.host.nowMs();
    const work = resumed
      ? Promise.resolve(resumed)
      : measure.node(node, FIRST_PASS, (calls) =>
          runNode(execution, node, done, readers, runSignal, calls, (step) => queue.push(step)),
        );
    work.then(
      (outputs) => {
        done.set(node.id, outputs);
        if (plan.outputs.includes(node.id)) {
          const output = nodeOutput(node.displayName, outputs);
          shown.set(node.id, output);
          if (!resumed) queue.push({ kind: 'event', type: 'output', data: { nodeId: node.id, ...output } });
        }
        const durationMs = resumed ? 0 : execution.host.nowMs() - startedMs;
        queue.push({
          kind: 'completed',
          nodeId: node.id,
          iteration: FIRST_PASS,
          outputs,
          durationMs,
          resumed: resumed !== undefined,
        });
        queue.push({ kind: 'settled', node });
      },
      (error: unknown) => queue.push({ kind: 'failed', error }),
    );
  };

  for (const node of plan.nodes) if (waitingFor.get(node.id) === 0) start(node);
  try {
    for (let settled = 0; settled < plan.nodes.length; ) {
      const step = queue.take();
      if (!step) {
        await queue.whenFilled();
        continue;
      }
      if (step.kind === 'failed') throw step.error;
      if (step.kind !== 'settled') {
        yield step;
        continue;
      }
      settled += 1;
      for (const reader of readers.get(step.node.id) ?? []) {
        const left = (waitingFor.get(reader.id) ?? 0) - 1;
        waitingFor.set(reader.id, left);
        if (left === 0) start(reader);
      }
    }
    return flowOutput(plan, shown);
  } finally {
    stop.abort();
  }
}

async function runNode(
  { plan, catalog, host, sessionId, input }: Execution,
  node: PlanNode,
  done: ReadonlyMap<string, Outputs>,
  readers: ReadonlyMap<string, PlanNode[]>,
  signal: AbortSignal,
  calls: Pick<NodeRun, 'call' | 'fetch'>,
  say: (step: Step) => void,
): Promise<Outputs> {
  signal.throwIfAborted();
  const component = catalog.get(node.component);
  if (!component)
    throw new NodeError(
      node.id,
      node.component,
      node.displayName,
      'node.failed',
      `There is no component "${node.component}".`,
    );
  say({
    kind: 'event',
    type: 'node.started',
    data: { nodeId: node.id, component: node.component, iteration: FIRST_PASS },
  });
  const run: NodeRun = {
    id: node.id,
    displayName: node.displayName,
    iteration: FIRST_PASS,
    sessionId,
    signal,
    fields: resolvedFields(plan, node, component, done, host, input),
    readers: new Set((readers.get(node.id) ?? []).map((reader) => reader.component)),
    sourcesOf: (field) =>
      (node.inputs[field]?.from ?? []).flatMap((from) => {
        const source = plan.nodes.find((one) => one.id === from.node);
        return source
          ? [{ id: source.id, displayName: source.displayName, component: source.component }]
          : [];
      }),
    variable: (field) => {
      const reference = node.variables[field];
      return reference && host.variable(reference.name);
    },
    stableId: (purpose) => host.stableId(node.id, purpose),
    emit: (event) => say({ kind: 'event', ...event }),
    ...calls,
  };
  try {
    return await component.run(run);
  } catch (cause) {
    if (signal.aborted) throw cause;
    const code = cause instanceof ComponentError ? cause.code : 'node.failed';
    throw new NodeError(node.id, node.component, node.displayName, code, cause);
  }
}

/** Stored values, then variables, then what comes over edges: the later wins. The main input is last. */
function resolvedFields(
  plan: Plan,
  node: PlanNode,
  component: Component,
  done: ReadonlyMap<string, Outputs>,
  host: Host,
  input: Json | undefined,
): Record<string, Value> {
  const fields: Record<string, Value> = { ...node.fields };
  for (const [field, reference] of Object.entries(node.variables)) {
    const value = host.variable(reference.name);
    if (value !== undefined) fields[field] = value;
    else if (reference.isRequired) {
      throw new NodeError(
        node.id,
        component.name,
        node.displayName,
        'variable.missing',
        `${reference.name} variable not found.`,
      );
    }
  }
  for (const [field, { isList, from }] of Object.entries(node.inputs)) {
    const values = from.map(({ node: source, output }) => done.get(source)?.[output] ?? null);
    fields[field] = isList ? (values as Json[]) : (values.at(-1) ?? null);
  }
  if (plan.mainInput?.node === node.id && input !== undefined && !node.inputs[plan.mainInput.field]) {
    fields[plan.mainInput.field] = input;
  }
  return fields;
}

function sourcesOf(node: PlanNode): Set<string> {
  return new Set(Object.values(node.inputs).flatMap((input) => input.from.map((from) => from.node)));
}

function readersOf(plan: Plan): Map<string, PlanNode[]> {
  const readers = new Map<string, PlanNode[]>();
  for (const node of plan.nodes) {
    for (const source of sourcesOf(node)) {
      const known = readers.get(source);
      if (known) known.push(node);
      else readers.set(source, [node]);
    }
  }
  return readers;
}
