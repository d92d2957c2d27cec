import { Injectable } from '@nestjs/common';
import { BlobStore, contentKey } from '#libs/blobs';
import type { Run } from './run.schema.ts';

/** Puts back what was too large for the log, where a whole run is shown. */
@Injectable()
export class LargeValues {
  constructor(private readonly blobs: BlobStore) {}

  async fill(organizationId: string, run: Run, inputHash: string | null): Promise<Run> {
    if (inputHash !== null) run.input = await this.read(organizationId, inputHash);
    const { output } = run;
    if (!output) return run;
    for (const [id, one] of Object.entries(output.outputs)) {
      if (!one.blob) continue;
      one.content = await this.read(organizationId, one.blob.hash);
      delete one.blob;
      if (output.source === id && typeof one.content === 'string') output.text = one.content;
    }
    return run;
  }

  private async read(organizationId: string, hash: string): Promise<unknown> {
    const chunks: Buffer[] = [];
    for await (const chunk of await this.blobs.get(contentKey(organizationId, hash)))
      chunks.push(chunk as Buffer);
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  }
}
