import { type Component, message, textOf } from '#libs/engine';
import { formatBraces, formatMustache } from './text-template.ts';

export const Prompt: Component = {
  name: 'Prompt',
  aliases: ['Prompt Template', 'PromptComponent'],
  modules: [
    'lfx.components.models_and_agents.prompt.PromptComponent',
    'lfx.components.processing.prompt.PromptComponent',
    'langflow.components.prompts.prompt.PromptComponent',
  ],
  role: 'inner',
  outputs: { prompt: 'Message' },
  async run(node) {
    const template = textOf(node.fields['template']);
    const format = node.fields['use_double_brackets'] === true ? formatMustache : formatBraces;
    const known = (name: string) =>
      Object.hasOwn(node.fields, name) ? textOf(node.fields[name]) : undefined;
    return { prompt: message({ text: format(template, known), session_id: node.sessionId }) };
  },
};
