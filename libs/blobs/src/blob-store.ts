import type { Readable } from 'node:stream';
import type { PutGrant } from '#libs/contracts';

/** What is in a store under a key, once it has been measured. */
export interface Measured {
  hash: string;
  size: number;
}

/**
 * Large values. Content stands under `<organization>/<hash>`; what an executor uploads stands under
 * `staging/<run>/<attempt>/<i>` until the recorder has measured it.
 */
export abstract class BlobStore {
  /** Stores content under its hash, and says which. Storing it again changes nothing. */
  abstract put(organizationId: string, content: Uint8Array): Promise<Measured>;
  abstract get(organizationId: string, hash: string): Promise<Readable>;
  /** Turns an upload into content. Throws a BlobMismatchError where it is not what was announced. */
  abstract promote(organizationId: string, stagingKey: string, announced: Measured): Promise<void>;
  /** Removes uploads that are older than that, and that nobody has taken. */
  abstract clearUploads(olderThanMs: number): Promise<void>;
  /** A URL under which an executor may fetch content for so long. */
  abstract grantGet(organizationId: string, hash: string, forSeconds: number): string;
  /** A URL, with `{i}` in it, under which an executor may upload values of one attempt for so long. */
  abstract grantPut(stagingPrefix: string, maxBytes: number, forSeconds: number): PutGrant;
}

/** What was announced is not there: it was not uploaded, or is of another size or hash. */
export class BlobMismatchError extends Error {}

export function stagingPrefix(runId: string, attempt: number): string {
  return `staging/${runId}/${attempt}`;
}
