import { createHash } from 'node:crypto';
import { canonicalJson, type JsonObject } from '#libs/kernel';

export const AUDIT_START = Buffer.alloc(32);

/** The hash of an audit entry, chained to the one before it. */
export function auditHash(previous: Uint8Array, entry: JsonObject): Buffer {
  return createHash('sha256').update('hg-audit-v1\n').update(previous).update(canonicalJson(entry)).digest();
}
