export { type Compiled, compile } from './compile.ts';
export {
  type Catalog,
  type Component,
  catalogOf,
  type EmittedEvent,
  type NodeRun,
  type StoredNode,
} from './component.ts';
export { holdsControlCharacter, quoted } from './definition.ts';
export { type Execution, execute, type Host, type Outputs, type Step } from './execute.ts';
export { ComponentError, NodeError } from './node-error.ts';
export { Plan, type PlanNode } from './plan.ts';
export { isMessage, type Message, message, textOf, type Value } from './value.ts';
