import {
  type Component,
  ComponentError,
  isMessage,
  type Message,
  message,
  textOf,
  type Value,
} from '#libs/engine';
import { safeConvert } from './safe-convert.ts';

export const ChatOutput: Component = {
  name: 'ChatOutput',
  aliases: [],
  modules: [
    'lfx.components.input_output.chat_output.ChatOutput',
    'langflow.components.input_output.chat_output.ChatOutput',
  ],
  role: 'output',
  outputs: { message: 'Message' },
  async run(node) {
    const input = node.fields['input_value'];
    if (input === undefined || input === null) throw new ComponentError('Input data cannot be None');
    const text = joined(input);
    const incoming = isMessage(input) ? input : undefined;
    const source = node.sourcesOf('input_value').at(-1);
    // a message that came straight from the user is another message than the answer
    const reused = source?.component === 'ChatInput' ? undefined : incoming;
    const made: Message = message({
      id: reused?.id ?? node.stableId('message'),
      text,
      sender: textOf(node.fields['sender']) || 'Machine',
      sender_name: textOf(node.fields['sender_name']) || 'AI',
      session_id: textOf(node.fields['session_id']) || incoming?.session_id || node.sessionId,
      files: reused?.files ?? [],
      properties: {
        source: {
          id: source?.id ?? null,
          display_name: source?.displayName ?? null,
          source: reused?.properties.source.source ?? source?.displayName ?? null,
        },
        usage: reused?.properties.usage ?? null,
      },
    });
    if (made.session_id !== '' && node.fields['should_store_message'] !== false) {
      const role = made.sender === 'User' ? 'user' : 'assistant';
      node.emit({
        type: 'message.added',
        data: { messageId: made.id ?? '', nodeId: node.id, role, text, state: 'complete', files: made.files },
      });
    }
    return { message: made };
  },
};

function joined(input: Value): string {
  const isList = Array.isArray(input);
  const values = isList ? input : [input];
  const wrong = values.flatMap((value) => pythonTypeOf(value) ?? []);
  if (wrong.length > 0) {
    const [what, types] = isList
      ? ['str', `[${wrong.map((type) => `'${type}'`).join(', ')}]`]
      : ['str, Generator or None', wrong[0]];
    throw new ComponentError(`Expected Data or DataFrame or Message or ${what}, got ${types}`);
  }
  return values.map(safeConvert).join('\n');
}

/** Langflow's name of a type that a chat cannot show. */
function pythonTypeOf(value: Value): string | undefined {
  if (value === null) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return undefined;
}
