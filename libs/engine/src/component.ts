import type { Json } from '#libs/kernel';
import type { Value } from './value.ts';

/** A variable or secret that a node reads when it runs. */
export interface Reference {
  name: string;
  isSecret: boolean;
  /** Without it the node cannot run. */
  isRequired: boolean;
}

/** A node as its component sees it before any run: what is stored in it and what is connected to it. */
export interface StoredNode {
  fields: Readonly<Record<string, Json>>;
  connected: ReadonlySet<string>;
}

export type EmittedEvent =
  | {
      type: 'message.added';
      data: {
        messageId: string;
        nodeId: string;
        role: 'user' | 'assistant';
        text: string;
        state: 'partial' | 'complete';
        files: Json[];
      };
    }
  | { type: 'message.delta'; data: { messageId: string; nodeId: string; text: string } }
  | {
      type: 'usage';
      data: {
        nodeId: string;
        iteration: number;
        call: number;
        model: string;
        inputTokens: number;
        outputTokens: number;
      };
    }
  | { type: 'log'; data: { nodeId: string; level: 'debug' | 'info' | 'warning' | 'error'; text: string } };

/** What a trace shows of a span beside its times: names and counts, never what was said. */
export type SpanAttributes = Record<string, string | number | boolean>;

/** A call of a model or a tool, which a trace shows within its node. */
export interface NodeCall {
  kind: 'model' | 'tool';
  attributes: SpanAttributes;
}

interface OpenCall {
  /** HTTP as a part of the call. */
  fetch: typeof globalThis.fetch;
  /** Adds what is known only when the call is over. */
  note(attributes: SpanAttributes): void;
}

/** One execution of a node: its resolved fields and the world it may touch. */
export interface NodeRun {
  readonly id: string;
  readonly displayName: string;
  readonly iteration: number;
  readonly sessionId: string;
  readonly signal: AbortSignal;
  /** Stored and connected values by field; edges win. */
  readonly fields: Readonly<Record<string, Value>>;
  /** The components that read one of our outputs directly. */
  readonly readers: ReadonlySet<string>;
  /** The nodes that feed a field, nearest last. */
  sourcesOf(field: string): readonly { id: string; displayName: string; component: string }[];
  /** The value of a declared variable; for a secret a stand-in that only the broker can replace. */
  variable(field: string): string | undefined;
  /** An id that is the same whenever this node of this run makes it again. */
  stableId(purpose: string): string;
  emit(event: EmittedEvent): void;
  /** HTTP through the egress broker. */
  fetch: typeof globalThis.fetch;
  /** Measures a call while it does it. */
  call<Result>(call: NodeCall, work: (call: OpenCall) => Promise<Result>): Promise<Result>;
}

/** One kind of node: what Langflow calls it, what it puts out, how it runs. */
export interface Component {
  readonly name: string;
  readonly aliases: readonly string[];
  /** Langflow's `metadata.module`, the surest name there is. */
  readonly modules: readonly string[];
  readonly role: 'input' | 'output' | 'inner';
  /** Names and types of outputs. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The field that takes the run's main input. */
  readonly inputField?: string;
  /** Request headers into which the broker may put this component's secrets. */
  readonly secretHeaders?: readonly string[];
  /** Variables beyond those that fields name, by a field name of the component's own. */
  references?(node: StoredNode): Record<string, Reference>;
  /** Why the node cannot run as it is stored, in sentences. */
  problems?(node: StoredNode): string[];
  run(node: NodeRun): Promise<Record<string, Value>>;
}

/** The components that an installation has. */
export interface Catalog {
  find(names: { module?: string | undefined; type: string }): Component | undefined;
  get(name: string): Component | undefined;
}

export function catalogOf(components: readonly Component[]): Catalog {
  const byName = new Map<string, Component>();
  const byModule = new Map<string, Component>();
  const byAlias = new Map<string, Component>();
  for (const component of components) {
    byName.set(component.name, component);
    for (const module of component.modules) byModule.set(module, component);
    for (const alias of component.aliases) byAlias.set(alias, component);
  }
  return {
    find: ({ module, type }) =>
      (module ? byModule.get(module) : undefined) ?? byName.get(type) ?? byAlias.get(type),
    get: (name) => byName.get(name),
  };
}
