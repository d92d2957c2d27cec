import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { decodeSpans, type ReceivedSpan } from './otlp-decoding.ts';
import { until } from './until.ts';

const WITHIN_MS = 15_000;

/** Takes what processes send by OTLP over HTTP, and reads its protobuf. */
export class OtlpReceiver {
  readonly spans: ReceivedSpan[] = [];
  /** As they came, for who looks for what must not be in them. */
  readonly bodies: Buffer[] = [];
  /** What could not be read, a sentence each. */
  readonly faults: string[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<OtlpReceiver> {
    const server = createServer();
    const receiver = new OtlpReceiver(server);
    server.on('request', (request, response) => {
      void buffer(request).then((body) => {
        receiver.take(request.url ?? '', request.headers['content-type'] ?? '', body);
        response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  /** Of a process that sends here, and soon. */
  get env(): Record<string, string> {
    const { port } = this.server.address() as AddressInfo;
    return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_BSP_SCHEDULE_DELAY: '50' };
  }

  /** The spans of a trace, once these are among them. */
  async trace(traceId: string, names: readonly string[]): Promise<ReceivedSpan[]> {
    const ofTrace = () => this.spans.filter((span) => span.traceId === traceId);
    await until(
      `the trace has ${names.join(', ')}`,
      () => names.every((name) => ofTrace().some((span) => span.name === name)),
      WITHIN_MS,
    );
    return ofTrace();
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private take(url: string, type: string, body: Buffer): void {
    this.bodies.push(body);
    try {
      if (url !== '/v1/traces') throw new Error(`something was sent to ${url}`);
      if (type !== 'application/x-protobuf') throw new Error(`it is ${type}`);
      this.spans.push(...decodeSpans(body));
    } catch (cause) {
      this.faults.push((cause as Error).message);
    }
  }
}
