import type { FromRunner, HttpRequest, ResponsePart } from '../../runner-protocol.ts';

interface Exchange {
  head(status: number, headers: [string, string][]): void;
  chunk(bytes: Uint8Array): void;
  end(): void;
  fail(message: string): void;
}

const WITHOUT_BODY = new Set([204, 205, 304]);

/** `fetch` for components: every request crosses to the supervisor's broker, which alone has a network. */
export class BrokerFetch {
  private readonly exchanges = new Map<number, Exchange>();
  private lastRequest = 0;

  constructor(private readonly send: (frame: FromRunner) => void) {}

  /** `within`: the span that a request is a part of, and when its run began. */
  for(run: number, nodeId: string, within?: { span: number; beganMs: number }): typeof globalThis.fetch {
    return async (input, init) => {
      const request = new Request(input, init);
      const body = request.body ? Buffer.from(await request.arrayBuffer()).toString('base64') : undefined;
      const open: HttpRequest = {
        nodeId,
        method: request.method,
        url: request.url,
        headers: [...request.headers],
        ...(body !== undefined && { base64: body }),
        ...(within && { under: within.span, startedMs: performance.now() - within.beganMs }),
      };
      return this.exchange(run, open, request.signal);
    };
  }

  receive(request: number, part: ResponsePart): void {
    const exchange = this.exchanges.get(request);
    if (!exchange) return;
    if (part.is === 'head') exchange.head(part.status, part.headers);
    else if (part.is === 'chunk') exchange.chunk(Buffer.from(part.base64, 'base64'));
    else if (part.is === 'end') exchange.end();
    else exchange.fail(part.message);
  }

  private exchange(run: number, open: HttpRequest, signal: AbortSignal): Promise<Response> {
    const request = ++this.lastRequest;
    return new Promise<Response>((resolve, reject) => {
      let body: ReadableStreamDefaultController<Uint8Array> | undefined;
      const close = () => {
        this.exchanges.delete(request);
        signal.removeEventListener('abort', abort);
      };
      const fail = (error: unknown) => {
        close();
        reject(error);
        body?.error(error);
      };
      const giveUp = (error: unknown) => {
        this.send({ kind: 'http', run, request });
        fail(error);
      };
      const abort = () => giveUp(signal.reason);
      this.exchanges.set(request, {
        head(status, headers) {
          const stream = new ReadableStream<Uint8Array>({
            start(controller) {
              body = controller;
            },
            cancel: abort,
          });
          try {
            resolve(new Response(WITHOUT_BODY.has(status) ? null : stream, { status, headers }));
          } catch {
            // an origin may answer with a status that there is not
            giveUp(new TypeError(`The answer has the status ${status}, which there is not.`));
          }
        },
        chunk: (bytes) => body?.enqueue(bytes),
        end: () => {
          close();
          body?.close();
        },
        fail: (message) => fail(new TypeError(message)),
      });
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort, { once: true });
      this.send({ kind: 'http', run, request, open });
    });
  }
}
