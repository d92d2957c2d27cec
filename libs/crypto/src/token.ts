import { createHmac, createSecretKey, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { base62 } from './base62.ts';

/** What a token is for; the letter after `hg`. */
export const TOKEN_KINDS = { flow: 'f', refresh: 'r', bootstrap: 'b' } as const;
export type TokenKind = keyof typeof TOKEN_KINDS;

const LETTERS = 'psftcriwb';
const FORM = new RegExp(`^hg([${LETTERS}])_([0-9A-Za-z]{12})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$`);

/** Finds tokens of any kind within a text, and within JSON, where the letter before one may end an escape. */
export const TOKEN_PATTERN = new RegExp(
  `(?:\\b|(?<=\\\\(?:[bfnrt]|u[0-9a-fA-F]{4})))hg[${LETTERS}]_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}\\b`,
  'g',
);

export interface Token {
  text: string;
  letter: string;
  publicId: string;
}

export function newPublicId(id = randomBytes(8)): string {
  return base62(id, 12);
}

/** A new token; under a given public id where it takes another's place. */
export function mintToken(kind: TokenKind, publicId = newPublicId(), secret = randomBytes(32)): Token {
  const letter = TOKEN_KINDS[kind];
  const body = `hg${letter}_${publicId}_${base62(secret, 43)}`;
  return { text: body + checksum(body), letter, publicId };
}

/** Reads a token by form and checksum alone; undefined where it cannot be one. */
export function readToken(text: string): Token | undefined {
  const match = FORM.exec(text);
  if (!match) return undefined;
  const [, letter = '', publicId = '', , sum = ''] = match;
  return checksum(text.slice(0, -6)) === sum ? { text, letter, publicId } : undefined;
}

export function hashToken(pepper: Uint8Array, token: string): Buffer {
  return createHmac('sha256', createSecretKey(pepper)).update('hg-apikey-v1:').update(token).digest();
}

export function isSameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function checksum(body: string): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return base62(sum, 6);
}
