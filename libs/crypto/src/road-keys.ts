import {
  createPublicKey,
  createSecretKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';

/** An end of the road between a conductor and an executor: an executor's of its process, a conductor's of its term. */
export interface RoadEnd {
  privateKey: KeyObject;
  /** 32 bytes in base64url: what the other end is told. */
  publicKey: string;
}

/** Which road it is. */
export interface RoadName {
  executorId: string;
  term: number;
}

/** What both ends of a road know, and nobody else. */
export interface RoadKeys extends RoadName {
  assignments: Buffer;
  /** Of what the executor says. */
  statuses: Buffer;
  /** Of what the conductor says. */
  commands: Buffer;
}

/** X25519. */
export function makeRoadEnd(): RoadEnd {
  const { privateKey, publicKey } = generateKeyPairSync('x25519');
  return { privateKey, publicKey: textOf(publicKey) };
}

/** The same keys at both ends. Throws where the other's key is none. */
export function roadKeys(own: KeyObject, othersPublicKey: string, name: RoadName): RoadKeys {
  const secret = createSecretKey(sharedSecret(own, othersPublicKey));
  const ends = [textOf(createPublicKey(own)), othersPublicKey].toSorted();
  const keyFor = (use: string) => {
    const info = JSON.stringify(['hg-road-v1', use, name.executorId, name.term]);
    return Buffer.from(hkdfSync('sha256', secret, ends.join('.'), info, 32));
  };
  return {
    ...name,
    assignments: keyFor('assignments'),
    statuses: keyFor('statuses'),
    commands: keyFor('commands'),
  };
}

function sharedSecret(privateKey: KeyObject, publicKey: string): Buffer {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: publicKey }, format: 'jwk' });
    if (textOf(key) !== publicKey) throw new Error('it is written in another way');
    return diffieHellman({ privateKey, publicKey: key });
  } catch {
    throw new Error("this is no public key of a road's end");
  }
}

function textOf(key: KeyObject): string {
  return key.export({ format: 'jwk' }).x ?? '';
}
