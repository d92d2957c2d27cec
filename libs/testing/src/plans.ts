import {
  type Component,
  catalogOf,
  type Execution,
  execute,
  type NodeRun,
  type Outputs,
  type Plan,
  type PlanNode,
  type Step,
} from '#libs/engine';
import type { Json } from '#libs/kernel';

/** Plans made by hand, and running them without anything around the engine. */
export type Work = (node: NodeRun) => Promise<Outputs>;

export const planNode = (id: string, more: Partial<PlanNode> = {}): PlanNode => ({
  id,
  component: id,
  displayName: `The ${id}`,
  fields: {},
  variables: {},
  inputs: {},
  secretHeaders: [],
  ...more,
});
export const from = (...ids: string[]) => ({
  isList: false,
  from: ids.map((node) => ({ node, output: 'out' })),
});
export const planOf = (nodes: PlanNode[], more: Partial<Plan> = {}): Plan => ({
  format: 1,
  nodes,
  mainInput: null,
  outputs: [],
  ...more,
});

/** Runs a plan whose nodes do what stands under their ids. */
export function execution(plan: Plan, work: Record<string, Work>, more: Partial<Execution> = {}): Execution {
  const components = Object.entries(work).map(
    ([name, run]): Component => ({
      name,
      aliases: [],
      modules: [],
      role: 'inner',
      outputs: { out: '' },
      run,
    }),
  );
  return {
    plan,
    catalog: catalogOf(components),
    host: {
      fetch: () => globalThis.fetch,
      variable: (name) => (name === 'KNOWN' ? 'its value' : undefined),
      stableId: (nodeId, purpose) => `${nodeId}/${purpose}`,
      nowMs: () => performance.now(),
      measured: () => undefined,
    },
    sessionId: 's1',
    input: undefined,
    completed: new Map(),
    signal: new AbortController().signal,
    ...more,
  };
}

export async function run(given: Execution) {
  const steps: Step[] = [];
  const flow = execute(given);
  for (;;) {
    const next = await flow.next();
    if (next.done) return { steps, output: next.value };
    steps.push(next.value);
  }
}

export const out = (value: Json): Outputs => ({ out: value });
