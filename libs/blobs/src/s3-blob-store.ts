import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { PutGrant } from '#libs/contracts';
import { contentHash } from '#libs/crypto';
import type { Clock } from '#libs/kernel';
import { BlobMismatchError, BlobStore, checkedKey, contentKey, type Measured } from './blob-store.ts';
import { type S3Credentials, S3Signer, type UnsignedRequest } from './s3-signer.ts';

export interface S3BlobStoreOptions extends S3Credentials {
  /** Where the store is, for us and for executors: `https://s3.eu-central-1.amazonaws.com`. */
  endpoint: string;
  /** Where the bucket's name stands: in the path, or before the endpoint's host. */
  addressing: 'path' | 'host';
  bucket: string;
  clock: Clock;
}

type Method = UnsignedRequest['method'];
interface Sending {
  headers?: Record<string, string>;
  body?: Uint8Array;
  /** Answers that the caller knows what to do with, by status or by S3's code of the error. */
  awaits?: readonly (number | string)[];
}
type Answer = { response: Response; fault?: never } | { response?: never; fault: number | string };

const TIMEOUT_MS = 30_000;
const EMPTY_HASH = contentHash('');
/** No S3 signs for longer. */
const MAX_GRANT_SECONDS = 7 * 24 * 3_600;
/** How many large values an attempt may upload: each has a signature of 64 bytes in the assignment. */
const UPLOADS_PER_ATTEMPT = 256;

/** Blobs in a bucket of any S3; executors speak to it by presigned URLs. */
export class S3BlobStore extends BlobStore {
  private readonly signer: S3Signer;
  private readonly origin: string;
  private readonly host: string;
  private readonly folder: string;

  constructor(private readonly options: S3BlobStoreOptions) {
    super();
    const { protocol, host, pathname } = new URL(options.endpoint);
    const isInPath = options.addressing === 'path';
    this.signer = new S3Signer(options);
    this.host = isInPath ? host : `${options.bucket}.${host}`;
    this.origin = `${protocol}//${this.host}`;
    this.folder = pathname.replace(/\/$/, '') + (isInPath ? `/${options.bucket}` : '');
  }

  async put(organizationId: string, content: Uint8Array): Promise<Measured> {
    const hash = contentHash(content);
    const key = checkedKey(contentKey(organizationId, hash));
    // 412: it is there. 409: another is putting it. 501: this S3 knows no conditions. It would be the same content.
    const headers = { 'if-none-match': '*' };
    const { fault } = await this.send('PUT', key, { body: content, headers, awaits: [409, 412, 501] });
    if (fault === 409 || fault === 501) await this.send('PUT', key, { body: content });
    return { hash, size: content.byteLength };
  }

  async stage(stagingKey: string, bytes: Uint8Array): Promise<void> {
    await this.send('PUT', checkedKey(stagingKey), { body: bytes });
  }

  async get(key: string): Promise<Readable> {
    const { response } = await this.send('GET', checkedKey(key));
    return streamOf(response);
  }

  async promote(organizationId: string, stagingKey: string, announced: Measured): Promise<void> {
    const to = checkedKey(contentKey(organizationId, announced.hash));
    const from = checkedKey(stagingKey);
    const { response } = await this.send('GET', from, { awaits: ['NoSuchKey'] });
    if (response) {
      const etag = response.headers.get('etag');
      if (etag === null) throw new Error('the blob store does not tell which upload this is');
      if (!(await isAnnounced(streamOf(response), announced)))
        throw new BlobMismatchError(`the upload ${stagingKey} is not what was announced`);
      if (await this.copy(from, to, etag)) return void (await this.send('DELETE', from));
    }
    const there = await this.send('HEAD', to, { awaits: [404] });
    if (there.fault) throw new BlobMismatchError(`nothing was uploaded as ${stagingKey}`);
  }

  /** The bucket's own rule removes them: a listing of it may be long and costs money. */
  async clearUploads(): Promise<void> {}

  grantGet(key: string, forSeconds: number): string {
    const path = this.pathOf(checkedKey(key));
    const { query, signatureOf } = this.presign('GET', forSeconds);
    return `${this.origin}${path}?${query}&X-Amz-Signature=${signatureOf(path)}`;
  }

  grantPut(stagingPrefix: string, maxBytes: number, forSeconds: number): PutGrant {
    const folder = this.pathOf(checkedKey(stagingPrefix));
    const { query, signatureOf } = this.presign('PUT', forSeconds);
    return {
      url: `${this.origin}${folder}/{i}?${query}&X-Amz-Signature={signature}`,
      signatures: Array.from({ length: UPLOADS_PER_ATTEMPT }, (_, i) => signatureOf(`${folder}/${i}`)),
      maxBytes,
    };
  }

  private presign(method: Method, forSeconds: number) {
    const request = { method, host: this.host, at: this.options.clock.now() };
    return this.signer.presign(request, Math.min(forSeconds, MAX_GRANT_SECONDS));
  }

  private pathOf(key: string): string {
    return `${this.folder}/${key}`;
  }

  /** Within the store, and only what was measured: whoever uploaded it may replace it at any time. */
  private async copy(from: string, to: string, etag: string): Promise<boolean> {
    const { fault, response } = await this.send('PUT', to, {
      headers: {
        'x-amz-copy-source': `/${this.options.bucket}/${from}`,
        'x-amz-copy-source-if-match': etag,
      },
      awaits: ['NoSuchKey', 412],
    });
    if (fault === 412) throw new BlobMismatchError(`the upload ${from} was replaced while it was measured`);
    // a copy that fails late is told in an answer that began as a success
    if (response && !(await response.text()).includes('<CopyObjectResult'))
      throw new Error('the blob store could not copy an upload');
    return response !== undefined;
  }

  private async send(
    method: Method,
    key: string,
    sending?: Omit<Sending, 'awaits'>,
  ): Promise<{ response: Response; fault?: never }>;
  private async send(method: Method, key: string, sending: Sending): Promise<Answer>;
  private async send(
    method: Method,
    key: string,
    { headers, body, awaits = [] }: Sending = {},
  ): Promise<Answer> {
    const path = this.pathOf(key);
    const request = { method, host: this.host, path, at: this.options.clock.now() };
    const response = await fetch(`${this.origin}${path}`, {
      method,
      headers: this.signer.signHeaders(request, body ? contentHash(body) : EMPTY_HASH, headers),
      ...(body && { body: body as Uint8Array<ArrayBuffer> }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return { response };
    const code = /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1] ?? '';
    for (const fault of [response.status, code]) if (awaits.includes(fault)) return { fault };
    throw new Error(`the blob store answered ${response.status} ${code}`.trim());
  }
}

function streamOf(response: Response): Readable {
  return response.body ? Readable.fromWeb(response.body as ReadableStream) : Readable.from([]);
}

/** Reads no further than what was announced. */
async function isAnnounced(content: Readable, { hash, size }: Measured): Promise<boolean> {
  const measured = createHash('sha256');
  let bytes = 0;
  for await (const chunk of content) {
    bytes += (chunk as Buffer).byteLength;
    if (bytes > size) return false;
    measured.update(chunk as Buffer);
  }
  return bytes === size && measured.digest('hex') === hash;
}
