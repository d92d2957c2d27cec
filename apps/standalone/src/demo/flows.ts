import type { JsonObject } from '#libs/kernel';

/** The flows of the first start, in the form of Langflow's exports. */
const field = (type: string, value: JsonObject[string], more: JsonObject = {}): JsonObject => ({
  type,
  value,
  show: true,
  ...more,
});

const chatInput: JsonObject = {
  id: 'ChatInput-hello',
  data: {
    type: 'ChatInput',
    node: {
      display_name: 'Chat Input',
      template: { input_value: field('str', 'world') },
      outputs: [{ name: 'message', types: ['Message'] }],
    },
  },
};

const chatOutput: JsonObject = {
  id: 'ChatOutput-hello',
  data: {
    type: 'ChatOutput',
    node: {
      display_name: 'Chat Output',
      template: { input_value: field('other', '') },
      outputs: [{ name: 'message', types: ['Message'] }],
    },
  },
};

const prompt: JsonObject = {
  id: 'Prompt-hello',
  data: {
    type: 'Prompt',
    node: {
      display_name: 'Prompt',
      custom_fields: { template: ['name'] },
      template: { template: field('prompt', 'Hello, {name}!'), name: field('str', '') },
      outputs: [{ name: 'prompt', types: ['Message'] }],
    },
  },
};

function model(name: string): JsonObject {
  return {
    id: 'LanguageModelComponent-hello',
    data: {
      type: 'LanguageModelComponent',
      node: {
        display_name: 'Language Model',
        template: {
          model: field('model', [{ name, provider: 'OpenAI' }]),
          system_message: field('str', 'You are a friendly assistant. Answer in one short paragraph.'),
          input_value: field('str', ''),
          stream: field('bool', true),
        },
        outputs: [{ name: 'text_output', types: ['Message'] }],
      },
    },
  };
}

function edge(source: string, output: string, target: string, fieldName: string): JsonObject {
  return {
    source,
    target,
    data: { sourceHandle: { id: source, name: output }, targetHandle: { id: target, fieldName } },
  };
}

export const HELLO: JsonObject = {
  nodes: [chatInput, prompt, chatOutput],
  edges: [
    edge('ChatInput-hello', 'message', 'Prompt-hello', 'name'),
    edge('Prompt-hello', 'prompt', 'ChatOutput-hello', 'input_value'),
  ],
};

export const CHAT: JsonObject = {
  nodes: [chatInput, model('gpt-4o-mini'), chatOutput],
  edges: [
    edge('ChatInput-hello', 'message', 'LanguageModelComponent-hello', 'input_value'),
    edge('LanguageModelComponent-hello', 'text_output', 'ChatOutput-hello', 'input_value'),
  ],
};
