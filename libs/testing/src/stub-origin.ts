import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface OriginRequest {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

type Answer = (response: ServerResponse, request: OriginRequest) => void;

/** An origin on loopback that answers as the test says, and remembers what it was asked. */
export class StubOrigin {
  readonly requests: OriginRequest[] = [];
  /** Connections that were made to it. */
  connections = 0;
  /** Requests whose caller went away before the answer was whole. */
  aborted = 0;
  private readonly server = createServer((request, response) => void this.receive(request, response));

  private constructor(public answer: Answer) {
    this.server.on('connection', () => {
      this.connections += 1;
    });
  }

  static async start(answer: Answer): Promise<StubOrigin> {
    const origin = new StubOrigin(answer);
    await new Promise<void>((resolve) => origin.server.listen(0, '127.0.0.1', resolve));
    return origin;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('close', () => {
      if (!response.writableFinished) this.aborted += 1;
    });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url: path = '', headers } = request;
    const asked = { method, path, headers, body: Buffer.concat(chunks) };
    this.requests.push(asked);
    this.answer(response, asked);
  }
}
