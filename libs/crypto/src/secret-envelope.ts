import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from 'node:crypto';

/** Whose secret, and which version of it: bound to the ciphertext. */
export interface SecretName {
  organizationId: string;
  secretId: string;
  version: number;
}

export interface EnvelopeRandom {
  dataKey: Buffer;
  keyNonce: Buffer;
  textNonce: Buffer;
}

/** `hgenc:v1`: the text under a data key of its own, the data key under the organization's key. */
export function sealSecret(
  kek: { id: string; key: Buffer },
  name: SecretName,
  plaintext: string,
  random: EnvelopeRandom = {
    dataKey: randomBytes(32),
    keyNonce: randomBytes(12),
    textNonce: randomBytes(12),
  },
): string {
  const aad = aadOf(name);
  const wrappedKey = seal(kek.key, random.keyNonce, random.dataKey, `${aad}|dek|kek:${kek.id}`);
  const text = seal(random.dataKey, random.textNonce, Buffer.from(plaintext, 'utf8'), aad);
  return `hgenc:v1:${kek.id}:${wrappedKey.toString('base64url')}:${text.toString('base64url')}`;
}

export function openSecret(kek: { id: string; key: Buffer }, name: SecretName, envelope: string): string {
  const [form, version, kekId, wrappedKey, text] = envelope.split(':');
  if (form !== 'hgenc' || version !== 'v1' || kekId !== kek.id || !wrappedKey || !text) {
    throw new Error('the envelope is not of this form or key');
  }
  const aad = aadOf(name);
  const dataKey = open(kek.key, Buffer.from(wrappedKey, 'base64url'), `${aad}|dek|kek:${kek.id}`);
  return open(dataKey, Buffer.from(text, 'base64url'), aad).toString('utf8');
}

/** AES-256-GCM: nonce ‖ ciphertext ‖ tag. */
export function seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, aad: string): Buffer {
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(key), nonce).setAAD(Buffer.from(aad, 'utf8'));
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

export function open(key: Uint8Array, sealed: Buffer, aad: string): Buffer {
  // without it a tag of four bytes would do, which can be guessed
  const whole = { authTagLength: 16 };
  const decipher = createDecipheriv('aes-256-gcm', createSecretKey(key), sealed.subarray(0, 12), whole)
    .setAAD(Buffer.from(aad, 'utf8'))
    .setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
}

function aadOf({ organizationId, secretId, version }: SecretName): string {
  return `hg1|org:${organizationId}|secret:${secretId}|v:${version}`;
}
