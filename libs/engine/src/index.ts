export { type Compiled, compile, type Report } from './compile.ts';
export {
  type Catalog,
  type Component,
  catalogOf,
  type EmittedEvent,
  type NodeRun,
  type Reference,
  type StoredNode,
} from './component.ts';
export { definitionHash } from './content-hash.ts';
export { type Problem, readDefinition } from './definition.ts';
export { type Execution, execute, type Host, type Outputs, type Step } from './execute.ts';
export { ComponentError, NodeError } from './node-error.ts';
export { Plan, type PlanNode } from './plan.ts';
export type { FlowOutput } from './run-output.ts';
export { isMessage, type Message, message, textOf, type Value } from './value.ts';
