import { createHmac, createSecretKey } from 'node:crypto';
import { isSameHash } from './token.ts';

/** What is said on a road: each in one direction. */
export type RoadMessageKind = 'status' | 'command';

type Headers = Readonly<Record<string, string>>;

/** Who speaks on a road: an executor, or the conductor of a term. */
export type Speaker = { executorId: string } | { term: number };

/** The headers by which the other end knows that we have said this, as our n-th. */
export function signed(
  key: Uint8Array,
  kind: RoadMessageKind,
  n: number,
  value: Uint8Array,
): { n: string; mac: string } {
  return { n: String(n), mac: macOf(key, kind, n, value).toString('base64url') };
}

/** As which number the other end has said this; undefined where it did not. */
export function saidAs(
  key: Uint8Array,
  kind: RoadMessageKind,
  { headers, value }: { headers: Headers; value: Uint8Array },
): number | undefined {
  const n = Number(headers['n']);
  return isSameHash(macOf(key, kind, n, value), macIn(headers['mac'])) ? n : undefined;
}

/** The headers by which a speaker is known from then on: its public key, from one who holds the pool key. */
export function introduction(
  poolKey: Uint8Array,
  who: Speaker,
  publicKey: string,
): { 'public-key': string; introduction: string } {
  return {
    'public-key': publicKey,
    introduction: introductionMac(poolKey, who, publicKey).toString('base64url'),
  };
}

/** The public key that was introduced as the speaker's, if one was. */
export function introduced(poolKey: Uint8Array, who: Speaker, headers: Headers): string | undefined {
  const publicKey = headers['public-key'] ?? '';
  const mac = introductionMac(poolKey, who, publicKey);
  return isSameHash(mac, macIn(headers['introduction'])) ? publicKey : undefined;
}

function macOf(key: Uint8Array, kind: RoadMessageKind, n: number, value: Uint8Array): Buffer {
  return hmacOf(key, ['hg-road-mac-v1', kind, n], value);
}

function introductionMac(poolKey: Uint8Array, who: Speaker, publicKey: string): Buffer {
  const name = 'term' in who ? ['conductor', who.term] : ['executor', who.executorId];
  return hmacOf(poolKey, ['hg-introduction-v1', ...name, publicKey]);
}

function macIn(header = ''): Buffer {
  return Buffer.from(header, 'base64url');
}

/** A JSON array ends where it ends, so nothing of the label can pass for a part of the message. */
function hmacOf(key: Uint8Array, label: readonly (string | number)[], message?: Uint8Array): Buffer {
  const hmac = createHmac('sha256', createSecretKey(key)).update(JSON.stringify(label));
  return (message ? hmac.update(message) : hmac).digest();
}
