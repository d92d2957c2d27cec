import { createHmac, createSecretKey } from 'node:crypto';
import { isSameHash } from '#libs/crypto';

/** What a signed URL of the `/blobs` route allows. */
export interface SignedPath {
  method: 'GET' | 'PUT';
  /** A key, or for PUT the prefix of keys `<prefix>/<i>`. */
  path: string;
  expiresAtSeconds: number;
  maxBytes: number;
}

export function signPath(key: Uint8Array, signed: SignedPath): string {
  return macOf(key, signed).toString('base64url');
}

export function isSigned(
  key: Uint8Array,
  signed: SignedPath,
  signature: string,
  nowSeconds: number,
): boolean {
  return (
    signed.expiresAtSeconds > nowSeconds &&
    isSameHash(macOf(key, signed), Buffer.from(signature, 'base64url'))
  );
}

function macOf(key: Uint8Array, { method, path, expiresAtSeconds, maxBytes }: SignedPath): Buffer {
  return createHmac('sha256', createSecretKey(key))
    .update(`hg-blob-v1|${method}|${path}|${expiresAtSeconds}|${maxBytes}`)
    .digest();
}
