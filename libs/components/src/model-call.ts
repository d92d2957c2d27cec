import { ComponentError, type NodeRun } from '#libs/engine';

export interface ModelCall {
  node: NodeRun;
  baseUrl: string;
  apiKey: string;
  providerName: string;
  model: string;
  system: string;
  user: string;
  temperature: number | undefined;
  maxTokens: number | undefined;
  /** Where it is given, the answer is streamed and each piece comes here. */
  onDelta: ((text: string) => void) | undefined;
}

export interface ModelAnswer {
  text: string;
  usage: { inputTokens: number; outputTokens: number };
}

const RETRIES = 2;

/** One call of a model whose API is OpenAI's, through the broker. */
export function callModel(call: ModelCall): Promise<ModelAnswer> {
  const attributes = {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': call.providerName.toLowerCase(),
    'gen_ai.request.model': call.model,
  };
  return call.node.call({ kind: 'model', attributes }, async ({ fetch, note }) => {
    const answer = await ask(call, fetch);
    note({
      'gen_ai.usage.input_tokens': answer.usage.inputTokens,
      'gen_ai.usage.output_tokens': answer.usage.outputTokens,
    });
    return answer;
  });
}

async function ask(call: ModelCall, fetch: typeof globalThis.fetch): Promise<ModelAnswer> {
  // the SDK is large: a runner loads it when the first model is called, or before if it has nothing else to do
  const [{ generateText, streamText, APICallError, RetryError }, { createOpenAICompatible }] =
    await loadModelSdk();
  const provider = createOpenAICompatible({
    name: call.providerName,
    baseURL: call.baseUrl.replace(/\/+$/, ''),
    apiKey: call.apiKey,
    fetch,
    includeUsage: true,
  });
  const options = {
    model: provider(call.model),
    ...promptOf(call),
    ...(call.temperature !== undefined && { temperature: call.temperature }),
    ...(call.maxTokens !== undefined && call.maxTokens >= 1 && { maxOutputTokens: call.maxTokens }),
    maxRetries: RETRIES,
    abortSignal: call.node.signal,
  };
  const explain = (cause: unknown): never => {
    const last = RetryError.isInstance(cause) ? cause.lastError : cause;
    if (APICallError.isInstance(last) && last.statusCode !== undefined) {
      throw new ComponentError(
        `Error code: ${last.statusCode} - ${excerpt(last.responseBody ?? last.message)}`,
      );
    }
    throw last instanceof Error ? last : new Error(String(last));
  };
  try {
    if (!call.onDelta) {
      const { text, usage } = await generateText(options);
      return { text, usage: tokensOf(usage) };
    }
    let failure: unknown;
    const stream = streamText({
      ...options,
      onError({ error }) {
        failure = error;
      },
    });
    for await (const delta of stream.textStream) call.onDelta(delta);
    if (failure !== undefined) throw failure;
    return { text: await stream.text, usage: tokensOf(await stream.usage) };
  } catch (cause) {
    return explain(cause);
  }
}

/** Without an input the system message goes alone, not with an empty one behind it. */
function promptOf({ system, user }: ModelCall) {
  if (user !== '') return { ...(system !== '' && { instructions: system }), prompt: user };
  return { messages: [{ role: 'system' as const, content: system }], allowSystemInMessages: true };
}

export async function loadModelSdk() {
  return Promise.all([import('ai'), import('@ai-sdk/openai-compatible')]);
}

function tokensOf(usage: { inputTokens: number | undefined; outputTokens: number | undefined }) {
  return { inputTokens: usage.inputTokens ?? 0, outputTokens: usage.outputTokens ?? 0 };
}

function excerpt(text: string): string {
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}
