import { describe, expect, it } from '@jest/globals';
import { type Message, message, type NodeRun, type Value } from '#libs/engine';
import { nodeRun } from '../../testing/src/node-run.ts';
import { ChatOutput } from './chat-output.ts';

const run = async (input: Value | undefined, fields: NodeRun['fields'] = {}, more: Partial<NodeRun> = {}) => {
  const { node, events } = nodeRun({
    fields: { ...(input !== undefined && { input_value: input }), ...fields },
    sourcesOf: () => [{ id: 'Model-1', displayName: 'Language Model', component: 'LanguageModelComponent' }],
    ...more,
  });
  const { message: made } = await ChatOutput.run(node);
  return { made, events };
};

/** What a model node puts out. */
const ANSWER: Message = message({
  id: 'Model-1/message',
  text: 'an answer',
  sender: 'Machine',
  sender_name: 'AI',
  session_id: 'its-session',
  files: ['a.png'],
  properties: {
    source: { id: 'Model-1', display_name: 'Language Model', source: 'gpt-4o-mini' },
    usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
  },
});

describe('ChatOutput', () => {
  it('passes a message on as the same one, and keeps it', async () => {
    const { made, events } = await run(ANSWER);
    expect(made).toEqual(ANSWER);
    expect(events).toEqual([
      {
        type: 'message.added',
        data: {
          messageId: 'Model-1/message',
          nodeId: 'Node-1',
          role: 'assistant',
          text: 'an answer',
          state: 'complete',
          files: ['a.png'],
        },
      },
    ]);
  });

  it("makes a new message of the user's own", async () => {
    const { made, events } = await run(
      message({ id: 'Input/message', text: 'hello', files: ['a'] }),
      {},
      {
        sourcesOf: () => [{ id: 'ChatInput-1', displayName: 'Chat Input', component: 'ChatInput' }],
      },
    );
    expect(made).toMatchObject({
      id: 'Node-1/message',
      text: 'hello',
      sender: 'Machine',
      sender_name: 'AI',
      session_id: 'session-1',
      properties: { source: { id: 'ChatInput-1', display_name: 'Chat Input', source: 'Chat Input' } },
    });
    expect(events).toMatchObject([{ data: { messageId: 'Node-1/message', role: 'assistant' } }]);
  });

  it('makes a message of a text', async () => {
    const { made } = await run('text');
    expect(made).toMatchObject({ id: 'Node-1/message', text: 'text', session_id: 'session-1' });
  });

  it.each<[string, Value, string]>([
    ['a text without its blank lines beyond one', 'a\n\n \n\t\nb\n', 'a\n\nb\n'],
    ['an empty text', '', ''],
    ['a message, as it is', message({ text: 'a\n\n\n\nb' }), 'a\n\n\n\nb'],
    ['data as JSON in a block', { b: [1], a: 'é' }, '```json\n{\n  "b": [\n    1\n  ],\n  "a": "é"\n}\n```'],
    ['a list, item by item', ['a', { b: 1 }], 'a\n```json\n{\n  "b": 1\n}\n```'],
    ['an empty list', [], ''],
  ])('shows %s', async (_what, input, text) => {
    expect((await run(input)).made).toMatchObject({ text });
  });

  it.each<[string, Value | undefined, string]>([
    ['nothing', undefined, 'Input data cannot be None'],
    ['null', null, 'Input data cannot be None'],
    ['a whole number', 3, 'Expected Data or DataFrame or Message or str, Generator or None, got int'],
    ['a fraction', 1.5, 'Expected Data or DataFrame or Message or str, Generator or None, got float'],
    ['truth', true, 'Expected Data or DataFrame or Message or str, Generator or None, got bool'],
    [
      'a list with such',
      ['a', 1, null],
      "Expected Data or DataFrame or Message or str, got ['int', 'NoneType']",
    ],
  ])('refuses %s', async (_what, input, text) => {
    await expect(run(input)).rejects.toThrow(text);
  });

  it('takes names and session from its fields', async () => {
    const { made, events } = await run(ANSWER, { sender: 'User', sender_name: 'Echo', session_id: 'own' });
    expect(made).toMatchObject({ sender: 'User', sender_name: 'Echo', session_id: 'own' });
    expect(events).toMatchObject([{ data: { role: 'user' } }]);
  });

  it('keeps no message that shall not be stored, or that has no session', async () => {
    expect((await run('text', { should_store_message: false })).events).toEqual([]);
    expect((await run('text', {}, { sessionId: '' })).events).toEqual([]);
  });
});
