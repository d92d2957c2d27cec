import type { Readable } from 'node:stream';
import type { PutGrant } from '#libs/contracts';

/** No longer than any store takes: what it refuses for its length would be asked for again and again. */
const KEY = /^[\w-]{1,64}(\/[\w-]{1,64}){1,4}$/;

/** What is in a store under a key, once it has been measured. */
export interface Measured {
  hash: string;
  size: number;
}

/**
 * Large values. Content stands under `<organization>/<hash>`; what an executor uploads stands under
 * `staging/<run>/<attempt>/<i>` until the recorder has measured it, and an assignment beside it while its attempt lasts.
 */
export abstract class BlobStore {
  /** Stores content under its hash, and says which. Storing it again changes nothing. */
  abstract put(organizationId: string, content: Uint8Array): Promise<Measured>;
  /** Keeps what is needed for no longer than uploads are. */
  abstract stage(stagingKey: string, bytes: Uint8Array): Promise<void>;
  abstract get(key: string): Promise<Readable>;
  /** Turns an upload into content. Throws a BlobMismatchError where it is not what was announced. */
  abstract promote(organizationId: string, stagingKey: string, announced: Measured): Promise<void>;
  /** Removes uploads and assignments that are older than that, and that nobody has taken, unless the store does so itself. */
  abstract clearUploads(olderThanMs: number): Promise<void>;
  /** A URL under which an executor may fetch what is under a key for so long. */
  abstract grantGet(key: string, forSeconds: number): string;
  /** Where an executor may upload values of one attempt for so long: `putUrl` of it and their numbers. */
  abstract grantPut(stagingPrefix: string, maxBytes: number, forSeconds: number): PutGrant;
}

/** What was announced is not there: it was not uploaded, or is of another size or hash. */
export class BlobMismatchError extends Error {}

export function contentKey(organizationId: string, hash: string): string {
  return `${organizationId}/${hash}`;
}

export function assignmentKey(runId: string, attempt: number): string {
  return `${stagingPrefix(runId, attempt)}/assignment`;
}

export function stagingPrefix(runId: string, attempt: number): string {
  return `staging/${runId}/${attempt}`;
}

/** Hashes come with events, so a key is believed no further than its letters. */
export function checkedKey(key: string): string {
  if (!KEY.test(key)) throw new BlobMismatchError('this is not a key of a blob');
  return key;
}
