import type { JsonObject } from '#libs/kernel';

/** Builds definitions in the form of Langflow's exports. */
type Node = JsonObject & { id: string };

function node(type: string, id: string, displayName: string, template: JsonObject, outputs: string[]): Node {
  return {
    id,
    type: 'genericNode',
    data: {
      id,
      type,
      node: {
        display_name: displayName,
        template,
        outputs: outputs.map((name) => ({ name, types: ['Message'] })),
      },
    },
  };
}

export function field(type: string, value: JsonObject[string], more: JsonObject = {}): JsonObject {
  return { type, value, show: true, ...more };
}

export const chatInput = (id = 'ChatInput-1'): Node =>
  node('ChatInput', id, 'Chat Input', { input_value: field('str', '') }, ['message']);

export const chatOutput = (id = 'ChatOutput-1'): Node =>
  node('ChatOutput', id, 'Chat Output', { input_value: field('other', '') }, ['message']);

export const prompt = (id: string, template: string, variables: string[], more: JsonObject = {}): Node =>
  node(
    'Prompt',
    id,
    'Prompt',
    {
      template: field('prompt', template),
      ...Object.fromEntries(variables.map((name) => [name, field('str', '')])),
      ...more,
    },
    ['prompt'],
  );

export const fault = (type: string, id: string, amount = 0): Node =>
  node(type, id, type, { in: field('str', ''), amount: field('int', amount) }, ['out']);

export const languageModel = (id: string, more: JsonObject = {}): Node =>
  node(
    'LanguageModelComponent',
    id,
    'Language Model',
    {
      model: field('model', [{ name: 'gpt-4o-mini', provider: 'OpenAI' }]),
      input_value: field('str', ''),
      system_message: field('str', ''),
      stream: field('bool', true),
      temperature: field('slider', 0.1),
      ...more,
    },
    ['text_output'],
  );

const INPUT_FIELDS: Record<string, string> = {
  ChatOutput: 'input_value',
  LanguageModelComponent: 'input_value',
  Prompt: 'in',
};
const OUTPUTS: Record<string, string> = {
  ChatInput: 'message',
  ChatOutput: 'message',
  Prompt: 'prompt',
  LanguageModelComponent: 'text_output',
};

export function edge(source: string, output: string, target: string, fieldName: string): JsonObject {
  return {
    source,
    target,
    data: { sourceHandle: { id: source, name: output }, targetHandle: { id: target, fieldName } },
  };
}

/** A flow whose nodes stand in a row, each fed by the one before. */
export function chain(...nodes: Node[]): JsonObject {
  const typeOf = (one: Node | undefined) => (one?.['data'] as { type?: string } | undefined)?.type ?? '';
  const edges = nodes.slice(1).map((target, index) => {
    const source = nodes[index];
    return edge(
      source?.id ?? '',
      OUTPUTS[typeOf(source)] ?? 'out',
      target.id,
      INPUT_FIELDS[typeOf(target)] ?? 'in',
    );
  });
  return { nodes, edges };
}

export const echoFlow = (): JsonObject => chain(chatInput(), chatOutput());

/** A flow that takes so long. */
export const sleepingFlow = (milliseconds: number): JsonObject =>
  chain(chatInput(), fault('TestSleep', 'Sleep-1', milliseconds), chatOutput());

/** A flow whose first node is soon done, and kept, while the second takes so long. */
export const twoStepFlow = (milliseconds: number): JsonObject =>
  chain(
    chatInput(),
    fault('TestSleep', 'First-1', 200),
    fault('TestSleep', 'Second-1', milliseconds),
    chatOutput(),
  );

/** ChatInput → `length` prompts → ChatOutput. */
export function promptChain(length: number): JsonObject {
  const prompts = Array.from({ length }, (_, index) => prompt(`Prompt-${index + 1}`, '{in}.', ['in']));
  return chain(chatInput(), ...prompts, chatOutput());
}
