import { createHash, createHmac, createSecretKey } from 'node:crypto';

/** SHA-256 in hex: the name of content. */
export function contentHash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Tells equal bodies apart from others under one idempotency key, without keeping them. */
export function idempotencyHash(pepper: Uint8Array, canonicalBody: string): Buffer {
  return createHmac('sha256', createSecretKey(pepper)).update('hg-idem-v1:').update(canonicalBody).digest();
}
