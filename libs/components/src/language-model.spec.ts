import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ComponentError, isMessage, type Message, message, type NodeRun } from '#libs/engine';
import { nodeRun } from '../../testing/src/node-run.ts';
import { StubModel } from '../../testing/src/stub-model.ts';
import { until } from '../../testing/src/until.ts';
import { LanguageModel } from './language-model.ts';

const CHOSEN = [{ name: 'gpt-4o-mini', provider: 'OpenAI' }];

let stub: StubModel;
beforeAll(async () => {
  stub = await new StubModel().start();
});
beforeEach(() => {
  stub.requests.length = 0;
});
afterAll(() => stub.stop());

const variables: Record<string, string> = { api_key: 'a-key' };
const prepared = (fields: NodeRun['fields'], more: Partial<NodeRun> = {}) =>
  nodeRun({
    displayName: 'Language Model',
    fields: { model: CHOSEN, temperature: 0.1, ...fields },
    variable: (field) => (field === 'base_url' ? `${stub.baseUrl}/` : variables[field]),
    ...more,
  });

async function run(fields: NodeRun['fields'], more: Partial<NodeRun> = {}) {
  const { node, events } = prepared(fields, more);
  const { text_output: made } = await LanguageModel.run(node);
  if (!isMessage(made)) throw new Error('it put out no message');
  return { made: made as Message, events, request: stub.requests.at(-1) };
}

/** Where the answer goes straight to a chat. */
const TO_CHAT = { readers: new Set(['ChatOutput']) };

describe('LanguageModel', () => {
  it('asks the chosen model with the system message and the input, and passes the answer on', async () => {
    const { made, events, request } = await run({
      system_message: 'Be brief.',
      input_value: message({ text: 'hello world' }),
    });
    expect(request?.path).toBe('/v1/chat/completions');
    expect(request?.headers['authorization']).toBe('Bearer a-key');
    expect(request?.body).toMatchObject({ model: 'gpt-4o-mini', temperature: 0.1 });
    expect(request?.body.stream ?? false).toBe(false);
    expect(textsOf(request)).toEqual(['system: Be brief.', 'user: hello world']);
    expect(made).toEqual({
      kind: 'Message',
      id: 'Node-1/message',
      text: expect.stringMatching(/^\[stub [0-9a-f]{8}\] hello world$/),
      sender: 'Machine',
      sender_name: 'AI',
      session_id: 'session-1',
      files: [],
      properties: {
        source: { id: 'Node-1', display_name: 'Language Model', source: 'gpt-4o-mini' },
        usage: { input_tokens: 4, output_tokens: 4, total_tokens: 8 },
      },
    });
    expect(events).toEqual([
      {
        type: 'usage',
        data: {
          nodeId: 'Node-1',
          iteration: 0,
          call: 1,
          model: 'gpt-4o-mini',
          inputTokens: 4,
          outputTokens: 4,
        },
      },
    ]);
  });

  it.each<[string, string, string]>([
    ['is endless', 'm'.repeat(201), 'The name of a model can have 200 characters, and this one has 201.'],
    ['holds a NUL', 'a\u0000b', 'The name of a model cannot hold a control character.'],
  ])('is refused, and calls nothing, where the name of its model %s', async (_how, name, why) => {
    const fields = { model: [{ provider: 'OpenAI', name }] };
    expect(LanguageModel.problems?.({ fields, connected: new Set() })).toEqual([why]);
    await expect(run({ ...fields, input_value: 'hi' })).rejects.toThrow(new ComponentError(why));
    expect(stub.requests).toEqual([]);
  });

  it.each<[string, NodeRun['fields'], string[]]>([
    ['no system message', { input_value: 'hi' }, ['user: hi']],
    ['nothing but a system message', { system_message: 'Say something.' }, ['system: Say something.']],
    [
      'a system message that is connected',
      { system_message: message({ text: 'S' }), input_value: 'hi' },
      ['system: S', 'user: hi'],
    ],
    ['NUL and lines', { input_value: 'a\u0000\n\nb' }, ['user: a\u0000\n\nb']],
  ])('sends %s', async (_what, fields, texts) => {
    expect(textsOf((await run(fields)).request)).toEqual(texts);
  });

  it.each<[string, NodeRun['fields'], object]>([
    ['the model that a text field names', { model_name: ' gpt-4o ' }, { model: 'gpt-4o' }],
    ['as many tokens as it may', { max_tokens: 7 }, { max_tokens: 7 }],
    ['the temperature', { temperature: 0 }, { temperature: 0 }],
  ])('sends %s', async (_what, fields, expected) => {
    expect((await run({ input_value: 'hi', ...fields })).request?.body).toMatchObject(expected);
  });

  it.each<[string, NodeRun['fields'], string]>([
    ['a limit of tokens below one', { max_tokens: 0 }, 'max_tokens'],
    ['an empty limit of tokens', { max_tokens: '' }, 'max_tokens'],
    ['a temperature that is no number', { temperature: 'warm' }, 'temperature'],
  ])('does not send %s', async (_what, fields, name) => {
    expect((await run({ input_value: 'hi', ...fields })).request?.body).not.toHaveProperty(name);
  });

  it.each<[string, NodeRun['fields'], string]>([
    ['nothing to say', {}, 'The message you want to send to the model is empty.'],
    ['no model', { model: '', input_value: 'hi' }, 'A model selection is required'],
    ['no provider', { model: [{ name: 'm' }], input_value: 'hi' }, 'A model selection is required'],
    [
      'a provider that is not there',
      { provider: 'Nobody', input_value: 'hi' },
      'A model selection is required',
    ],
    [
      'a refusal of the provider',
      { input_value: 'FAIL401' },
      'Error code: 401 - {"error":{"message":"stub error 401"',
    ],
    ['a bad request', { input_value: 'FAIL400', stream: true }, 'Error code: 400 - '],
  ])('fails with %s', async (_what, fields, text) => {
    const failed = run(fields, TO_CHAT);
    await expect(failed).rejects.toThrow(text);
    await expect(failed).rejects.toBeInstanceOf(ComponentError);
  });

  it('asks no second time where that cannot help', async () => {
    await expect(run({ input_value: 'FAIL400' })).rejects.toThrow('Error code: 400');
    expect(stub.requests).toHaveLength(1);
  });
});

describe('a streaming LanguageModel', () => {
  it('says its answer piece by piece where it goes straight to a chat', async () => {
    const { made, events, request } = await run({ input_value: 'hello world', stream: true }, TO_CHAT);
    expect(request?.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    const [added, ...rest] = events;
    const pieces = rest.flatMap((event) => (event.type === 'message.delta' ? [event.data] : []));
    expect(added).toEqual({
      type: 'message.added',
      data: {
        messageId: 'Node-1/message',
        nodeId: 'Node-1',
        role: 'assistant',
        text: '',
        state: 'partial',
        files: [],
      },
    });
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.map(({ text }) => text).join('')).toBe(made.text);
    expect(pieces.every(({ messageId }) => messageId === made.id)).toBe(true);
    expect(rest.at(-1)).toMatchObject({ type: 'usage', data: { inputTokens: 2, outputTokens: 4 } });
    expect(made.text).toMatch(/^\[stub [0-9a-f]{8}\] hello world$/);
  });

  it.each<[string, NodeRun['fields'], Partial<NodeRun>]>([
    ['goes elsewhere', { stream: true }, { readers: new Set(['Prompt']) }],
    ['has no session', { stream: true }, { ...TO_CHAT, sessionId: '' }],
    ['shall not be streamed', { stream: false }, TO_CHAT],
    ['does not say whether it shall', {}, TO_CHAT],
  ])('says it at once where it %s', async (_what, fields, more) => {
    const { events, request } = await run({ input_value: 'hi', ...fields }, more);
    expect(request?.body.stream ?? false).toBe(false);
    expect(events.map((event) => event.type)).toEqual(['usage']);
  });
});

describe('a LanguageModel that is aborted', () => {
  it.each([false, true])('lets go of the connection (stream: %p)', async (stream) => {
    const controller = new AbortController();
    const before = stub.aborted;
    const { node } = prepared({ input_value: 'HANG', stream }, { ...TO_CHAT, signal: controller.signal });
    const failed = expect(LanguageModel.run(node)).rejects.toThrow();
    await until('the request', () => stub.requests.length === 1);
    controller.abort();
    await failed;
    await until('the end of the connection', () => stub.aborted === before + 1);
  });
});

describe('a stored LanguageModel', () => {
  const stored = (fields: Record<string, never> | object, connected: string[] = []) => ({
    fields: fields as NodeRun['fields'] & Record<string, never>,
    connected: new Set(connected),
  });

  it('needs the key of its provider, and takes its base URL where there is one', () => {
    expect(LanguageModel.references?.(stored({ model: CHOSEN }))).toEqual({
      api_key: { name: 'OPENAI_API_KEY', isSecret: true, isRequired: true },
      base_url: { name: 'OPENAI_BASE_URL', isSecret: false, isRequired: false },
    });
    expect(LanguageModel.references?.(stored({ model: '' }))).toEqual({});
    expect(LanguageModel.secretHeaders).toEqual(['authorization']);
  });

  it.each<[string, object, string[], string[]]>([
    ['a chosen model', { model: CHOSEN }, [], []],
    ['no choice yet, as starters come', { model: '' }, [], []],
    ['a model without a name', { model: [{ provider: 'OpenAI' }] }, [], ['A model selection is required.']],
    [
      'another provider',
      { model: [{ name: 'claude', provider: 'Anthropic' }] },
      [],
      ['The provider "Anthropic" cannot be used by the native engine yet: choose one of OpenAI.'],
    ],
    [
      'another provider in a text field',
      { model: CHOSEN, provider: 'Groq' },
      [],
      ['The provider "Groq" cannot be used by the native engine yet: choose one of OpenAI.'],
    ],
    [
      'a model over an edge',
      {},
      ['model'],
      ['A model that comes over an edge cannot be used by the native engine yet.'],
    ],
  ])('has the problems of %s', (_what, fields, connected, problems) => {
    expect(LanguageModel.problems?.(stored(fields, connected))).toEqual(problems);
  });
});

function textsOf(request: StubModel['requests'][number] | undefined): string[] {
  return (request?.body.messages ?? []).map(({ role, content }) => {
    const text = Array.isArray(content) ? content.map((part) => part.text).join('') : content;
    return `${role}: ${text}`;
  });
}
