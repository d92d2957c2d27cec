import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type S3Login, type S3Request, s3SignatureFault } from './stub-s3-signature.ts';

export interface StubS3Options extends S3Login {
  bucket: string;
  now: () => Date;
}

/** An answer by its status and S3's code of the error; a copy may fail with a code in an answer of 200. */
export interface S3Failure {
  status: number;
  code: string;
}

/** One bucket in memory that believes no request without a right signature. */
export class StubS3 {
  readonly objects = new Map<string, Buffer>();
  /** `<method> <key>`, of requests whose signature was right. */
  readonly requests: string[] = [];
  /** Answers that their reader did not wait for the end of. */
  aborted = 0;
  /** Asked before each request; what it gives is the answer. */
  failure: (method: string, key: string, request: S3Request) => S3Failure | undefined = () => undefined;
  private readonly server = createServer((request, response) => void this.receive(request, response));

  private constructor(private readonly options: StubS3Options) {}

  static async start(options: StubS3Options): Promise<StubS3> {
    const store = new StubS3(options);
    await new Promise<void>((resolve) => store.server.listen(0, '127.0.0.1', resolve));
    return store;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async receive(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('close', () => {
      if (!response.writableFinished) this.aborted += 1;
    });
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = '', url: target = '', headers } = incoming;
    const request = { method, target, headers, body: Buffer.concat(chunks) };
    const fault = s3SignatureFault(request, this.options, this.options.now().getTime());
    if (fault) return fail(response, { status: 403, code: fault });
    const key = this.keyOf(request);
    if (key === undefined) return fail(response, { status: 404, code: 'NoSuchBucket' });
    this.requests.push(`${method} ${key}`);
    const failure = this.failure(method, key, request);
    if (failure) return fail(response, failure);
    if (method === 'PUT') return this.put(key, request, response);
    if (method === 'DELETE') {
      this.objects.delete(key);
      return void response.writeHead(204).end();
    }
    const content = this.objects.get(key);
    if (!content) return fail(response, { status: 404, code: 'NoSuchKey' });
    response.writeHead(200, { 'content-length': content.length, etag: etagOf(content) }).end(content);
  }

  private put(key: string, { headers, body }: S3Request, response: ServerResponse): void {
    const failed = { status: 412, code: 'PreconditionFailed' };
    if (headers['if-none-match'] === '*' && this.objects.has(key)) return fail(response, failed);
    const from = headers['x-amz-copy-source'];
    if (from === undefined) {
      this.objects.set(key, body);
      return void response.writeHead(200, { etag: etagOf(body) }).end();
    }
    const source = decodeURIComponent(String(from)).replace(/^\//, '').replace(`${this.options.bucket}/`, '');
    const content = this.objects.get(source);
    if (!content) return fail(response, { status: 404, code: 'NoSuchKey' });
    const expected = headers['x-amz-copy-source-if-match'];
    if (expected !== undefined && expected !== etagOf(content)) return fail(response, failed);
    this.objects.set(key, content);
    response.end(`<CopyObjectResult><ETag>${etagOf(content)}</ETag></CopyObjectResult>`);
  }

  /** The bucket stands before the host's name or in the path. */
  private keyOf({ target, headers }: S3Request): string | undefined {
    const { bucket } = this.options;
    const path = decodeURIComponent(new URL(target, 'http://s3.invalid').pathname).slice(1);
    if (String(headers['host']).startsWith(`${bucket}.`)) return path;
    return path.startsWith(`${bucket}/`) ? path.slice(bucket.length + 1) : undefined;
  }
}

function etagOf(content: Buffer): string {
  return `"${createHash('md5').update(content).digest('hex')}"`;
}

function fail(response: ServerResponse, { status, code }: S3Failure): void {
  response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(`<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code></Error>`);
}
