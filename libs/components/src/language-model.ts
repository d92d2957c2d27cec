import { DEFAULTS } from '#libs/domain';
import {
  type Component,
  ComponentError,
  holdsControlCharacter,
  message,
  type NodeRun,
  quoted,
  type StoredNode,
  textOf,
} from '#libs/engine';
import { isJsonObject, type Json } from '#libs/kernel';
import { callModel } from './model-call.ts';
import { PROVIDERS, type Provider, providerNamed } from './providers.ts';

export const LanguageModel: Component = {
  name: 'LanguageModelComponent',
  aliases: ['LanguageModel'],
  modules: [
    'lfx.components.models_and_agents.language_model.LanguageModelComponent',
    'lfx.components.models.language_model.LanguageModelComponent',
  ],
  role: 'inner',
  outputs: { text_output: 'Message' },
  secretHeaders: ['authorization'],
  references(node) {
    const provider = providerNamed(chosenModel(node.fields).provider);
    if (!provider) return {};
    return {
      api_key: { name: provider.keyVariable, isSecret: true, isRequired: true },
      base_url: { name: provider.baseUrlVariable, isSecret: false, isRequired: false },
    };
  },
  problems(node) {
    return modelProblems(node);
  },
  async run(node) {
    const { provider: providerName, model } = chosenModel(node.fields);
    const provider = providerNamed(providerName);
    if (!provider || model === '') throw new ComponentError('A model selection is required');
    const flaw = flawOfName(model);
    if (flaw) throw new ComponentError(flaw);
    const system = textOf(node.fields['system_message']);
    const user = textOf(node.fields['input_value']);
    if (system === '' && user === '')
      throw new ComponentError('The message you want to send to the model is empty.');
    return { text_output: await answer(node, provider, model, system, user) };
  },
};

async function answer(node: NodeRun, provider: Provider, model: string, system: string, user: string) {
  const messageId = node.stableId('message');
  // Langflow streams where the answer goes straight to a chat
  const isStreamed =
    node.fields['stream'] === true && node.readers.has('ChatOutput') && node.sessionId !== '';
  if (isStreamed) {
    node.emit({
      type: 'message.added',
      data: { messageId, nodeId: node.id, role: 'assistant', text: '', state: 'partial', files: [] },
    });
  }
  const { text, usage } = await callModel({
    node,
    baseUrl: node.variable('base_url') ?? provider.baseUrl,
    apiKey: node.variable('api_key') ?? '',
    providerName: provider.name,
    model,
    system,
    user,
    temperature: numberOf(node.fields['temperature']),
    maxTokens: numberOf(node.fields['max_tokens']),
    onDelta: isStreamed
      ? (delta) => node.emit({ type: 'message.delta', data: { messageId, nodeId: node.id, text: delta } })
      : undefined,
  });
  node.emit({
    type: 'usage',
    data: {
      nodeId: node.id,
      iteration: node.iteration,
      call: 1,
      model,
      inputTokens: usage.inputTokens,
      outputTokens: usage.outputTokens,
    },
  });
  return message({
    id: messageId,
    text,
    sender: 'Machine',
    sender_name: 'AI',
    session_id: node.sessionId,
    properties: {
      source: { id: node.id, display_name: node.displayName, source: model },
      usage: {
        input_tokens: usage.inputTokens,
        output_tokens: usage.outputTokens,
        total_tokens: usage.inputTokens + usage.outputTokens,
      },
    },
  });
}

/** The model that is chosen in the field, unless the two text fields name another. */
function chosenModel(fields: Readonly<Record<string, unknown>>): { provider: string; model: string } {
  const list = fields['model'];
  const first = Array.isArray(list) ? (list[0] as Json) : null;
  const chosen = isJsonObject(first) ? first : {};
  const text = (value: unknown) => (typeof value === 'string' ? value.trim() : '');
  return {
    provider: text(fields['provider']) || text(chosen['provider']),
    model: text(fields['model_name']) || text(chosen['name']),
  };
}

function modelProblems(node: StoredNode): string[] {
  if (node.connected.has('model'))
    return ['A model that comes over an edge cannot be used by the native engine yet.'];
  const { provider, model } = chosenModel(node.fields);
  if (provider === '' && model === '') return [];
  if (model === '') return ['A model selection is required.'];
  const flaw = flawOfName(model);
  if (flaw) return [flaw];
  if (!providerNamed(provider)) {
    const names = PROVIDERS.map((known) => known.name).join(', ');
    return [
      `The provider "${quoted(provider)}" cannot be used by the native engine yet: choose one of ${names}.`,
    ];
  }
  return [];
}

/** The name of a model may come from anywhere, and is kept with what its calls have used. */
function flawOfName(model: string): string | undefined {
  if (model.length > DEFAULTS.nameLength)
    return `The name of a model can have ${DEFAULTS.nameLength} characters, and this one has ${model.length}.`;
  return holdsControlCharacter(model) ? 'The name of a model cannot hold a control character.' : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
