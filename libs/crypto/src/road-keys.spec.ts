import { createHmac, createPrivateKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { makeRoadEnd, roadKeys } from './road-keys.ts';

// RFC 7748, 6.1
const ALICE = {
  d: '77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a',
  x: '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a',
};
const BOB = {
  d: '5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb',
  x: 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f',
};
const SHARED = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';
const NAME = { executorId: 'e1', term: 7 };

const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url');
const privateKeyOf = ({ d, x }: typeof ALICE) =>
  createPrivateKey({
    key: { kty: 'OKP', crv: 'X25519', d: base64url(d), x: base64url(x) },
    format: 'jwk',
  });

describe('the keys of a road', () => {
  const conductor = makeRoadEnd();
  const executor = makeRoadEnd();
  const keys = roadKeys(conductor.privateKey, executor.publicKey, NAME);

  it('are the same at both ends', () => {
    expect(roadKeys(executor.privateKey, conductor.publicKey, NAME)).toEqual(keys);
    expect(keys).toMatchObject(NAME);
  });

  it('are HKDF-SHA-256 of the X25519 secret, salted with both public keys in the order of their letters', () => {
    const [alice, bob] = [base64url(ALICE.x), base64url(BOB.x)];
    const road = roadKeys(privateKeyOf(ALICE), bob, NAME);
    const extracted = createHmac('sha256', `${bob}.${alice}`).update(Buffer.from(SHARED, 'hex')).digest();
    for (const use of ['assignments', 'statuses', 'commands'] as const) {
      const expanded = createHmac('sha256', extracted)
        .update(`["hg-road-v1","${use}","e1",7]\u0001`)
        .digest();
      expect(road[use]).toEqual(expanded);
    }
    expect(roadKeys(privateKeyOf(BOB), alice, NAME)).toEqual(road);
  });

  it('are three, each of 32 bytes', () => {
    const all = [keys.assignments, keys.statuses, keys.commands];
    expect(all.map(({ length }) => length)).toEqual([32, 32, 32]);
    expect(new Set(all.map((key) => key.toString('hex'))).size).toBe(3);
  });

  it.each([
    ['executor id', executor.publicKey, { ...NAME, executorId: 'e2' }],
    ['term', executor.publicKey, { ...NAME, term: 8 }],
    ['end', makeRoadEnd().publicKey, NAME],
  ])('are all others with another %s', (_what, publicKey, name) => {
    const other = roadKeys(conductor.privateKey, publicKey, name);
    expect(other.assignments).not.toEqual(keys.assignments);
    expect(other.statuses).not.toEqual(keys.statuses);
    expect(other.commands).not.toEqual(keys.commands);
  });

  it.each([
    ['nothing', ''],
    ['too short', 'AAAA'],
    ['too long', 'A'.repeat(44)],
    ['of another alphabet', `${'+'.repeat(43)}`],
    ['written in another way', `${executor.publicKey}=`],
    ['a point of small order, which makes a secret that everybody knows', 'A'.repeat(43)],
  ])('are made with no public key that is %s', (_what, publicKey) => {
    const make = () => roadKeys(conductor.privateKey, publicKey, NAME);
    expect(make).toThrow(new Error("this is no public key of a road's end"));
  });
});

describe("a road's end", () => {
  it('is another each time, and tells 32 bytes in base64url', () => {
    const { publicKey } = makeRoadEnd();
    expect(publicKey).toMatch(/^[\w-]{43}$/);
    expect(makeRoadEnd().publicKey).not.toBe(publicKey);
  });
});
