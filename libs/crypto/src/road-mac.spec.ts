import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { makeRoadEnd, roadKeys } from './road-keys.ts';
import { type Introduction, introductionMac, isIntroduction, isMac, macOf } from './road-mac.ts';

const MESSAGE = Buffer.from('{"held":[]}');

describe('the MAC of what is said on a road', () => {
  const conductor = makeRoadEnd();
  const executor = makeRoadEnd();
  const name = { executorId: 'e1', term: 7 };
  const there = roadKeys(conductor.privateKey, executor.publicKey, name);
  const here = roadKeys(executor.privateKey, conductor.publicKey, name);
  const mac = macOf(here.statuses, 'status', MESSAGE);

  it('is HMAC-SHA-256 over the kind and the message', () => {
    const expected = createHmac('sha256', here.statuses).update('["hg-road-mac-v1","status"]{"held":[]}');
    expect(mac).toEqual(expected.digest());
  });

  it('is taken at the other end', () => {
    expect(isMac(there.statuses, 'status', MESSAGE, mac)).toBe(true);
  });

  it('is refused for another message or another kind', () => {
    expect(isMac(there.statuses, 'status', Buffer.from('{"held":[1]}'), mac)).toBe(false);
    expect(isMac(there.statuses, 'command', MESSAGE, mac)).toBe(false);
  });

  it('is refused in the other direction, for another executor and in another term', () => {
    expect(isMac(there.commands, 'status', MESSAGE, mac)).toBe(false);
    for (const other of [
      { ...name, executorId: 'e2' },
      { ...name, term: 8 },
    ]) {
      const { statuses } = roadKeys(conductor.privateKey, executor.publicKey, other);
      expect(isMac(statuses, 'status', MESSAGE, mac)).toBe(false);
    }
  });

  it('is refused when a byte of it is another, or its end is missing', () => {
    for (let at = 0; at < mac.length; at += 1) {
      const altered = Buffer.from(mac);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      expect(isMac(there.statuses, 'status', MESSAGE, altered)).toBe(false);
      expect(isMac(there.statuses, 'status', MESSAGE, mac.subarray(0, at))).toBe(false);
    }
  });
});

describe('an introduction', () => {
  const pool = Buffer.alloc(32, 3);
  const publicKey = 'A'.repeat(43);
  const who: Introduction = { executorId: '7', publicKey };
  const mac = introductionMac(pool, who, MESSAGE);

  it('is taken for the executor and the public key that it was made for', () => {
    expect(isIntroduction(pool, who, MESSAGE, mac)).toBe(true);
    const conductor: Introduction = { term: 7, publicKey };
    expect(isIntroduction(pool, conductor, MESSAGE, introductionMac(pool, conductor, MESSAGE))).toBe(true);
  });

  it.each<[string, Introduction]>([
    ['executor', { executorId: '8', publicKey }],
    ['public key', { executorId: '7', publicKey: 'B'.repeat(43) }],
    ['role', { term: 7, publicKey }],
  ])('is refused for another %s', (_what, other) => {
    expect(isIntroduction(pool, other, MESSAGE, mac)).toBe(false);
  });

  it('is refused with another message, from another pool, and when it is none', () => {
    expect(isIntroduction(pool, who, Buffer.from('{}'), mac)).toBe(false);
    expect(isIntroduction(Buffer.alloc(32, 4), who, MESSAGE, mac)).toBe(false);
    expect(isIntroduction(pool, who, MESSAGE, Buffer.alloc(0))).toBe(false);
  });

  it('is no MAC of a road, and a MAC of a road is none', () => {
    expect(isMac(pool, 'status', MESSAGE, mac)).toBe(false);
    expect(isIntroduction(pool, who, MESSAGE, macOf(pool, 'status', MESSAGE))).toBe(false);
  });
});
