import { describe, expect, it } from '@jest/globals';
import type { NodeRun } from '#libs/engine';
import { nodeRun } from '../../testing/src/node-run.ts';
import { ChatInput } from './chat-input.ts';

const run = async (fields: NodeRun['fields'], more: Partial<NodeRun> = {}) => {
  const { node, events } = nodeRun({ fields, ...more });
  const { message } = await ChatInput.run(node);
  return { message, events };
};

describe('ChatInput', () => {
  it("makes the user's message of its input, and keeps it", async () => {
    const { message, events } = await run({ input_value: 'hello' });
    expect(message).toMatchObject({
      kind: 'Message',
      id: 'Node-1/message',
      text: 'hello',
      sender: 'User',
      sender_name: 'User',
      session_id: 'session-1',
      files: [],
    });
    expect(events).toEqual([
      {
        type: 'message.added',
        data: {
          messageId: 'Node-1/message',
          nodeId: 'Node-1',
          role: 'user',
          text: 'hello',
          state: 'complete',
          files: [],
        },
      },
    ]);
  });

  it.each<[string, NodeRun['fields'], object]>([
    ['an empty input as an empty message', { input_value: '' }, { text: '' }],
    ['no input at all as an empty message', {}, { text: '' }],
    ['input that is data as its JSON', { input_value: { a: 1 } }, { text: '{"a":1}' }],
    ['NUL in the input as data', { input_value: 'a\u0000b' }, { text: 'a\u0000b' }],
    [
      "the sender's names as they are set",
      { sender: 'Machine', sender_name: 'Bot' },
      { sender: 'Machine', sender_name: 'Bot' },
    ],
    ["the field's session before the run's", { session_id: 'own' }, { session_id: 'own' }],
    [
      'files without those that are none',
      { files: ['a.txt', '', null, 'b.txt'] },
      { files: ['a.txt', 'b.txt'] },
    ],
    ['a single file as a list of it', { files: 'a.txt' }, { files: ['a.txt'] }],
    ['no files where the field is empty', { files: '' }, { files: [] }],
  ])('takes %s', async (_what, fields, expected) => {
    expect((await run(fields)).message).toMatchObject(expected);
  });

  it('tells a message of the machine apart', async () => {
    const { events } = await run({ input_value: 'hello', sender: 'Machine' });
    expect(events).toMatchObject([{ data: { role: 'assistant' } }]);
  });

  it('keeps no message that shall not be stored, or that has no session', async () => {
    expect((await run({ input_value: 'hello', should_store_message: false })).events).toEqual([]);
    expect((await run({ input_value: 'hello' }, { sessionId: '' })).events).toEqual([]);
  });
});
