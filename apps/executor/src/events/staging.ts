import { type Assignment, putUrl, type StagedBlob } from '#libs/contracts';
import { contentHash } from '#libs/crypto';
import { BLOB_TIMEOUT_MS, BlobUnavailable, within } from '../blobs/granted-blobs.ts';

export class LimitExceeded extends Error {}

/** Uploads an attempt's large values; the same content once. */
export class Staging {
  private readonly known = new Map<string, StagedBlob>();
  private readonly kept = new Set<string>();
  private readonly bytes = { output: 0, state: 0 };

  constructor(
    private readonly grant: Assignment['staging'],
    private readonly signal: AbortSignal,
  ) {}

  /** `output`: what a run puts out. `state`: what its nodes leave, as results and sealed for the next attempt. */
  async upload(content: Uint8Array, as: 'output' | 'state'): Promise<StagedBlob> {
    const hash = contentHash(content);
    const earlier = this.known.get(hash);
    if (earlier) return earlier;
    if (!this.kept.has(hash)) this.count(content.byteLength, as);
    const staged = { i: this.known.size, hash, size: content.byteLength };
    const url = putUrl(this.grant, staged.i);
    if (url === undefined) throw new LimitExceeded(`A run may put out ${staged.i} large values.`);
    this.known.set(hash, staged);
    const answer = await fetch(url, {
      method: 'PUT',
      body: content as Uint8Array<ArrayBuffer>,
      headers: { 'content-type': 'application/octet-stream' },
      signal: within(BLOB_TIMEOUT_MS, this.signal),
    }).catch((cause: unknown) => {
      throw new BlobUnavailable('the blob store cannot be reached', { cause });
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new BlobUnavailable(`a value could not be uploaded: ${answer.status}`);
    return staged;
  }

  /** Counts what is put out within an event; here, too, the same content once. */
  keep(content: string): void {
    const hash = contentHash(content);
    if (this.known.has(hash) || this.kept.has(hash)) return;
    this.kept.add(hash);
    this.count(Buffer.byteLength(content), 'output');
  }

  private count(bytes: number, as: 'output' | 'state'): void {
    const { maxBytes, stateBytes } = this.grant;
    this.bytes[as] += bytes;
    if (this.bytes.output > maxBytes)
      throw new LimitExceeded(`What a run puts out may hold ${maxBytes} bytes in all.`);
    if (bytes > maxBytes) throw new LimitExceeded(`What a node puts out may hold ${maxBytes} bytes.`);
    if (this.bytes.state > stateBytes)
      throw new LimitExceeded(`What the nodes of a run put out may hold ${stateBytes} bytes in all.`);
  }
}
