import { createHmac, createSecretKey } from 'node:crypto';
import { isSameHash } from './token.ts';

/** What is said on a road, for `macOf`. */
export type RoadMessageKind = 'status' | 'command';

/** Who speaks for the first time, and the public key by which it is known from then on. */
export type Introduction = { executorId: string; publicKey: string } | { term: number; publicKey: string };

/** Shows that the other end of the road has said this: with its key for statuses, or for commands. */
export function macOf(key: Uint8Array, kind: RoadMessageKind, message: Uint8Array): Buffer {
  return hmacOf(key, ['hg-road-mac-v1', kind], message);
}

export function isMac(key: Uint8Array, kind: RoadMessageKind, message: Uint8Array, mac: Uint8Array): boolean {
  return isSameHash(macOf(key, kind, message), mac);
}

/** Shows that whoever introduces itself, with this message, holds the pool key. */
export function introductionMac(poolKey: Uint8Array, who: Introduction, message: Uint8Array): Buffer {
  const name = 'term' in who ? ['conductor', who.term] : ['executor', who.executorId];
  return hmacOf(poolKey, ['hg-introduction-v1', ...name, who.publicKey], message);
}

export function isIntroduction(
  poolKey: Uint8Array,
  who: Introduction,
  message: Uint8Array,
  mac: Uint8Array,
): boolean {
  return isSameHash(introductionMac(poolKey, who, message), mac);
}

/** A JSON array ends where it ends, so nothing of the label can pass for a part of the message. */
function hmacOf(key: Uint8Array, label: readonly (string | number)[], message: Uint8Array): Buffer {
  return createHmac('sha256', createSecretKey(key)).update(JSON.stringify(label)).update(message).digest();
}
