import { type Component, message, textOf, type Value } from '#libs/engine';
import type { Json } from '#libs/kernel';

export const ChatInput: Component = {
  name: 'ChatInput',
  aliases: [],
  modules: ['lfx.components.input_output.chat.ChatInput', 'langflow.components.input_output.chat.ChatInput'],
  role: 'input',
  inputField: 'input_value',
  outputs: { message: 'Message' },
  async run(node) {
    const text = textOf(node.fields['input_value']);
    const files = filesOf(node.fields['files']);
    const session = textOf(node.fields['session_id']) || node.sessionId;
    const made = message({
      id: node.stableId('message'),
      text,
      sender: textOf(node.fields['sender']) || 'User',
      sender_name: textOf(node.fields['sender_name']) || 'User',
      session_id: session,
      files,
    });
    if (session !== '' && node.fields['should_store_message'] !== false) {
      const role = made.sender === 'Machine' ? 'assistant' : 'user';
      node.emit({
        type: 'message.added',
        data: { messageId: made.id ?? '', nodeId: node.id, role, text, state: 'complete', files },
      });
    }
    return { message: made };
  },
};

function filesOf(value: Value | undefined): Json[] {
  const files = Array.isArray(value) ? value : [(value as Json | undefined) ?? null]; // no message is a file
  return files.filter((file) => file !== null && file !== '');
}
