import { randomBytes } from 'node:crypto';
import { open, seal } from './secret-envelope.ts';

/** Wraps the organizations' keys with the root key of the cell, wherever that root is kept. */
export abstract class KeyProvider {
  abstract wrap(organizationId: string, kekId: string, key: Buffer): Promise<string>;
  abstract unwrap(organizationId: string, kekId: string, wrapped: string): Promise<Buffer>;
}

/** The root key in this process, from the keys file. */
export class LocalKeyProvider extends KeyProvider {
  constructor(private readonly root: Buffer) {
    super();
  }

  async wrap(organizationId: string, kekId: string, key: Buffer): Promise<string> {
    return seal(this.root, randomBytes(12), key, aadOf(organizationId, kekId)).toString('base64url');
  }

  async unwrap(organizationId: string, kekId: string, wrapped: string): Promise<Buffer> {
    return open(this.root, Buffer.from(wrapped, 'base64url'), aadOf(organizationId, kekId));
  }
}

function aadOf(organizationId: string, kekId: string): string {
  return `hg1|org:${organizationId}|kek:${kekId}`;
}
