import type { PutGrant, StagedBlob } from '#libs/contracts';
import { contentHash } from '#libs/crypto';
import { BLOB_TIMEOUT_MS, within } from './granted-blobs.ts';

export class LimitExceeded extends Error {}

/** Uploads an attempt's large values; the same content once. */
export class Staging {
  private readonly known = new Map<string, StagedBlob>();
  private uploadedBytes = 0;

  constructor(
    private readonly grant: PutGrant,
    private readonly signal: AbortSignal,
  ) {}

  async upload(content: Uint8Array): Promise<StagedBlob> {
    const hash = contentHash(content);
    const earlier = this.known.get(hash);
    if (earlier) return earlier;
    this.uploadedBytes += content.byteLength;
    if (this.uploadedBytes > this.grant.maxBytes) {
      throw new LimitExceeded(`What a run puts out may hold ${this.grant.maxBytes} bytes in all.`);
    }
    const staged = { i: this.known.size, hash, size: content.byteLength };
    this.known.set(hash, staged);
    const answer = await fetch(this.grant.url.replace('{i}', String(staged.i)), {
      method: 'PUT',
      body: content as Uint8Array<ArrayBuffer>,
      headers: { 'content-type': 'application/octet-stream' },
      signal: within(BLOB_TIMEOUT_MS, this.signal),
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`a value could not be uploaded: ${answer.status}`);
    return staged;
  }
}
