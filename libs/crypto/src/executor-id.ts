import { createHash } from 'node:crypto';
import { newId } from '#libs/kernel';

/** A new UUIDv7 whose random part is a hash of the executor's public key: nobody else can take its name. */
export function newExecutorId(publicKey: string): string {
  return withHashOf(publicKey, newId());
}

export function isExecutorIdOf(publicKey: string, executorId: string): boolean {
  return withHashOf(publicKey, executorId) === executorId;
}

function withHashOf(publicKey: string, id: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify(['hg-executor-id-v1', publicKey]))
    .digest('hex');
  const variant = '89ab'.charAt(Number.parseInt(hash.charAt(3), 16) % 4);
  return `${id.slice(0, 13)}-7${hash.slice(0, 3)}-${variant}${hash.slice(4, 7)}-${hash.slice(7, 19)}`;
}
