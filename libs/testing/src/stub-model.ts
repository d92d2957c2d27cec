import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

interface ChatMessage {
  role: string;
  content: string | { text?: string }[] | null;
}

interface ChatRequest {
  model: string;
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
  messages: ChatMessage[];
}

export interface StubRequest {
  path: string;
  headers: IncomingMessage['headers'];
  body: ChatRequest;
}

/**
 * A model with OpenAI's API that answers the same for the same prompt: a digest of all messages, and the last text.
 * `SLOW<n>` in the last text waits n ms between pieces, `FAIL<status>` answers with that error, `HANG` never answers.
 */
export class StubModel {
  readonly requests: StubRequest[] = [];
  /** Sockets that callers closed before they had their answer. */
  aborted = 0;
  private readonly server = createServer((request, response) => void this.answer(request, response));

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get baseUrl(): string {
    return `${this.origin}/v1`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as ChatRequest;
    this.requests.push({ path: request.url ?? '', headers: request.headers, body });
    response.on('close', () => {
      if (!response.writableFinished) this.aborted += 1;
    });
    const messages = body.messages ?? [];
    const last = textOf(messages.filter(({ role }) => role === 'user').at(-1));
    const failure = /FAIL(\d{3})/.exec(last)?.[1];
    if (failure !== undefined)
      return json(response, Number(failure), {
        error: { message: `stub error ${failure}`, type: 'stub_error' },
      });
    if (last.includes('HANG')) return;
    const slowMs = Number(/SLOW(\d+)/.exec(last)?.[1] ?? 0);
    const digest = digestOf(messages);
    const text = `[stub ${digest}] ${last.replaceAll(/\s+/g, ' ').trim().slice(0, 80)}`;
    const promptTokens = messages.reduce((sum, message) => sum + words(textOf(message)), 0);
    const usage = {
      prompt_tokens: promptTokens,
      completion_tokens: words(text),
      total_tokens: promptTokens + words(text),
    };
    const head = { id: `chatcmpl-${digest}`, created: 1_700_000_000, model: body.model };
    if (!body.stream) {
      await sleep(slowMs);
      const choice = { index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' };
      return json(response, 200, { ...head, object: 'chat.completion', choices: [choice], usage });
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const say = async (delta: object, finish: string | null = null) => {
      const choice = { index: 0, delta, finish_reason: finish };
      response.write(
        `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [choice] })}\n\n`,
      );
      if (slowMs > 0) await sleep(slowMs);
    };
    await say({ role: 'assistant', content: '' });
    for (const word of text.match(/\S+\s*/g) ?? []) {
      if (response.destroyed) return;
      await say({ content: word });
    }
    await say({}, 'stop');
    if (body.stream_options?.include_usage) {
      response.write(
        `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [], usage })}\n\n`,
      );
    }
    response.end('data: [DONE]\n\n');
  }
}

/** The digest of the recorded stub: dates, times and UUIDs count as '#'. */
function digestOf(messages: readonly ChatMessage[]): string {
  const text = messages
    .map((message) => `${message.role}:${textOf(message)}\n`)
    .join('')
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '#')
    .replaceAll(/\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?( ?(UTC|Z|[+-]\d\d:?\d\d))?/g, '#');
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

function textOf(message: ChatMessage | undefined): string {
  const content = message?.content ?? '';
  return typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('\n');
}

function words(text: string): number {
  return text.split(/\s+/).filter((word) => word !== '').length;
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
