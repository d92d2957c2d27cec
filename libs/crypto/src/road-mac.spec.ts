import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { makeRoadEnd, roadKeys } from './road-keys.ts';
import { introduced, introduction, type Speaker, saidAs, signed } from './road-mac.ts';

const value = Buffer.from('{"held":[]}');

describe('what is said on a road', () => {
  const conductor = makeRoadEnd();
  const executor = makeRoadEnd();
  const name = { executorId: 'e1', term: 7 };
  const there = roadKeys(conductor.privateKey, executor.publicKey, name);
  const here = roadKeys(executor.privateKey, conductor.publicKey, name);
  const headers = signed(here.statuses, 'status', 5, value);

  it('has its number, and HMAC-SHA-256 over the kind, the number and the message', () => {
    const mac = createHmac('sha256', here.statuses).update('["hg-road-mac-v1","status",5]{"held":[]}');
    expect(headers).toEqual({ n: '5', mac: mac.digest('base64url') });
  });

  it('is taken at the other end as what it is', () => {
    expect(saidAs(there.statuses, 'status', { headers, value })).toBe(5);
  });

  it('is refused as another message, another kind or with another number', () => {
    expect(saidAs(there.statuses, 'status', { headers, value: Buffer.from('{"held":[1]}') })).toBeUndefined();
    expect(saidAs(there.statuses, 'command', { headers, value })).toBeUndefined();
    for (const n of ['6', '', 'x', '5e300'])
      expect(saidAs(there.statuses, 'status', { headers: { ...headers, n }, value })).toBeUndefined();
  });

  it('is refused in the other direction, for another executor and in another term', () => {
    expect(saidAs(there.commands, 'status', { headers, value })).toBeUndefined();
    for (const other of [
      { ...name, executorId: 'e2' },
      { ...name, term: 8 },
    ]) {
      const { statuses } = roadKeys(conductor.privateKey, executor.publicKey, other);
      expect(saidAs(statuses, 'status', { headers, value })).toBeUndefined();
    }
  });

  it('is refused when a byte of the MAC is another, or its end is missing, or all of it', () => {
    const bytes = Buffer.from(headers.mac, 'base64url');
    const saidWith = (mac: Buffer) =>
      saidAs(there.statuses, 'status', { headers: { n: '5', mac: mac.toString('base64url') }, value });
    for (let at = 0; at < bytes.length; at += 1) {
      const altered = Buffer.from(bytes);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      expect(saidWith(altered)).toBeUndefined();
      expect(saidWith(bytes.subarray(0, at))).toBeUndefined();
    }
    expect(saidAs(there.statuses, 'status', { headers: {}, value })).toBeUndefined();
  });
});

describe('an introduction', () => {
  const pool = Buffer.alloc(32, 3);
  const publicKey = 'A'.repeat(43);
  const who: Speaker = { executorId: '7' };
  const headers = introduction(pool, who, publicKey);

  it('gives the public key of the executor, or of the term, for which it was made', () => {
    expect(introduced(pool, who, headers)).toBe(publicKey);
    expect(introduced(pool, { term: 7 }, introduction(pool, { term: 7 }, publicKey))).toBe(publicKey);
  });

  it.each<[string, Speaker]>([
    ['executor', { executorId: '8' }],
    ['role', { term: 7 }],
  ])('is refused for another %s', (_what, other) => {
    expect(introduced(pool, other, headers)).toBeUndefined();
  });

  it('is refused with another public key, from another pool, and when it is none', () => {
    expect(introduced(pool, who, { ...headers, 'public-key': 'B'.repeat(43) })).toBeUndefined();
    expect(introduced(Buffer.alloc(32, 4), who, headers)).toBeUndefined();
    expect(introduced(pool, who, { 'public-key': publicKey })).toBeUndefined();
    expect(introduced(pool, who, {})).toBeUndefined();
  });
});
