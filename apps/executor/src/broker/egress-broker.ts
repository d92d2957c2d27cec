import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import { constants, createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import type { HttpRequest, ResponsePart } from '../runner-protocol.ts';
import { type AddressGuard, EgressRefused } from './address-guard.ts';
import { sendGuarded } from './guarded-connection.ts';
import { NameLookups } from './name-lookups.ts';
import type { Redactor } from './redactor.ts';
import { SecretMisused, type SecretUse, withSecrets } from './secret-headers.ts';

const MAX_REDIRECTS = 3;
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const IDLE_MS = 10 * 60_000;
const REQUEST_HEADERS_LEFT_OUT = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'accept-encoding',
  'proxy-authorization',
  'upgrade',
  'te',
  'trailer',
]);
const ANSWER_HEADERS_LEFT_OUT = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'content-length',
  'content-encoding',
  'set-cookie',
  'set-cookie2',
  'upgrade',
  'trailer',
]);
const CREDENTIALS = new Set(['authorization', 'cookie', 'x-api-key', 'api-key']);

export interface BrokeredRequest {
  request: HttpRequest;
  use: SecretUse;
  redactor: Redactor;
  signal: AbortSignal;
  answer: (part: ResponsePart) => void;
  /** Until the runner has read most of what it was sent; the origin waits with it. */
  whenDrained: () => Promise<void>;
  refused: (host: string, reason: string) => void;
}

/** The only way out for flows: guarded addresses, secrets by reference, answers without them. One for each organization. */
export class EgressBroker {
  private readonly http = new HttpAgent({ keepAlive: true, timeout: IDLE_MS });
  private readonly https = new HttpsAgent({ keepAlive: true, timeout: IDLE_MS });
  private readonly names: NameLookups;

  constructor(
    private readonly guard: AddressGuard,
    private readonly maxAnswerBytes = MAX_ANSWER_BYTES,
  ) {
    this.names = new NameLookups(guard.resolve);
  }

  async send(brokered: BrokeredRequest): Promise<void> {
    const { answer, signal } = brokered;
    try {
      const response = await this.follow(brokered);
      await this.relay(response, brokered);
    } catch (cause) {
      if (signal.aborted) return;
      if (cause instanceof EgressRefused) brokered.refused(cause.host, cause.reason);
      answer({ is: 'error', message: brokered.redactor.clean(explain(cause)) });
    }
  }

  close(): void {
    this.http.destroy();
    this.https.destroy();
  }

  private async follow({ request, use, signal }: BrokeredRequest): Promise<IncomingMessage> {
    let url = new URL(request.url);
    let { method } = request;
    let body = request.base64 === undefined ? undefined : Buffer.from(request.base64, 'base64');
    let headers = request.headers.filter(([name]) => !REQUEST_HEADERS_LEFT_OUT.has(name.toLowerCase()));
    for (let hop = 0; ; hop += 1) {
      const target = await this.guard.admit(url, (host) => this.names.addressesOf(host, signal));
      const filled: [string, string][] = [
        ...withSecrets(headers, target, use),
        ['accept-encoding', 'gzip, deflate, br'],
      ];
      const agent = url.protocol === 'https:' ? this.https : this.http;
      const response = await sendGuarded(this.guard, agent, {
        target,
        method,
        headers: filled,
        body,
        signal,
      });
      const location = response.headers.location;
      if (!isRedirect(response.statusCode) || location === undefined) return response;
      response.destroy();
      if (hop === MAX_REDIRECTS)
        throw new EgressRefused(target.host, `it redirects more than ${MAX_REDIRECTS} times`);
      const next = new URL(location, url);
      if (next.origin !== url.origin) {
        headers = headers.filter(
          ([name]) => !CREDENTIALS.has(name.toLowerCase()) && !use.headers.has(name.toLowerCase()),
        );
      }
      if (
        (response.statusCode === 303 && method !== 'HEAD') ||
        (method === 'POST' && (response.statusCode === 301 || response.statusCode === 302))
      ) {
        method = 'GET';
        body = undefined;
        headers = headers.filter(([name]) => !name.toLowerCase().startsWith('content-'));
      }
      url = next;
    }
  }

  private async relay(
    response: IncomingMessage,
    { redactor, answer, signal, whenDrained }: BrokeredRequest,
  ): Promise<void> {
    const headers = Object.entries(response.headersDistinct)
      .filter(([name]) => !ANSWER_HEADERS_LEFT_OUT.has(name))
      .flatMap(([name, values]) =>
        (values ?? []).map((value): [string, string] => [name, redactor.clean(value)]),
      );
    answer({ is: 'head', status: response.statusCode ?? 502, headers });
    let bytes = 0;
    // latin1 keeps bytes as they are, whatever their encoding is
    const stream = redactor.stream();
    for await (const chunk of decoded(response)) {
      await whenDrained();
      signal.throwIfAborted();
      bytes += chunk.length;
      if (bytes > this.maxAnswerBytes) {
        response.destroy();
        throw new Error(`The answer is larger than ${this.maxAnswerBytes} bytes.`);
      }
      const clean = stream.push(chunk.toString('latin1'));
      if (clean !== '') answer({ is: 'chunk', base64: Buffer.from(clean, 'latin1').toString('base64') });
    }
    const rest = stream.end();
    if (rest !== '') answer({ is: 'chunk', base64: Buffer.from(rest, 'latin1').toString('base64') });
    answer({ is: 'end' });
  }
}

function decoded(response: IncomingMessage): AsyncIterable<Buffer> {
  const decoder = decoderFor(response.headers['content-encoding']);
  if (!decoder) return response;
  response.once('error', (cause) => decoder.destroy(cause));
  return response.pipe(decoder) as Readable;
}

/** As browsers do, an end comes where the origin makes it: an answer without a body may name an encoding too. */
function decoderFor(encoding: string | undefined) {
  switch (encoding?.trim().toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip({ finishFlush: constants.Z_SYNC_FLUSH });
    case 'deflate':
      return createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
    case 'br':
      return createBrotliDecompress({ finishFlush: constants.BROTLI_OPERATION_FLUSH });
    default:
      return undefined;
  }
}

function isRedirect(status: number | undefined): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

function explain(cause: unknown): string {
  if (cause instanceof EgressRefused || cause instanceof SecretMisused) return cause.message;
  const error = cause as NodeJS.ErrnoException;
  return error.code ? `The request failed: ${error.code}.` : `The request failed: ${error.message}`;
}
