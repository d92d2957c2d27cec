import { createDecipheriv, createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { makeRoadEnd, roadKeys } from './road-keys.ts';
import { openAssignment, sealAssignment } from './sealed-assignment.ts';

const conductor = makeRoadEnd();
const executor = makeRoadEnd();
const NAME = { executorId: 'e1', term: 7 };
const there = roadKeys(conductor.privateKey, executor.publicKey, NAME);
const here = roadKeys(executor.privateKey, conductor.publicKey, NAME);
const ATTEMPT = { runId: 'r1', attempt: 2 };
const TEXT = Buffer.from('{"secrets":["sk-test-123"]}');
const sealed = sealAssignment(there, ATTEMPT, TEXT);
const REFUSED = new Error('this was not sealed for this executor, term, run and attempt');

describe('a sealed assignment', () => {
  it('is opened by the executor at the end of the road', () => {
    expect(openAssignment(here, ATTEMPT, sealed)).toEqual(TEXT);
  });

  it('shows nothing of what is in it, and is another one each time', () => {
    expect(sealed.includes('sk-test')).toBe(false);
    expect(sealAssignment(there, ATTEMPT, TEXT)).not.toEqual(sealed);
  });

  it.each([
    ['run', { ...ATTEMPT, runId: 'r2' }],
    ['attempt', { ...ATTEMPT, attempt: 1 }],
  ])('does not open for another %s', (_what, attempt) => {
    expect(() => openAssignment(here, attempt, sealed)).toThrow(REFUSED);
  });

  it.each([
    ['of another executor', roadKeys(makeRoadEnd().privateKey, conductor.publicKey, NAME)],
    ['to another conductor', roadKeys(executor.privateKey, makeRoadEnd().publicKey, NAME)],
    ['of another term', roadKeys(executor.privateKey, conductor.publicKey, { ...NAME, term: 8 })],
    ['of another id', roadKeys(executor.privateKey, conductor.publicKey, { ...NAME, executorId: 'e2' })],
    ['whose keys stand under another term', { ...here, term: 8 }],
    ['whose keys stand under another id', { ...here, executorId: 'e2' }],
  ])('does not open at the end of a road %s', (_what, road) => {
    expect(() => openAssignment(road, ATTEMPT, sealed)).toThrow(REFUSED);
  });

  it('does not open when a byte of it is another or its end is missing', () => {
    for (let at = 0; at < sealed.length; at += 1) {
      const altered = Buffer.from(sealed);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      expect(() => openAssignment(here, ATTEMPT, altered)).toThrow(REFUSED);
      expect(() => openAssignment(here, ATTEMPT, sealed.subarray(0, at))).toThrow(REFUSED);
    }
  });

  it('is AES-256-GCM under HKDF-SHA-256 of the key of assignments over run and attempt', () => {
    const extracted = createHmac('sha256', Buffer.alloc(32)).update(there.assignments).digest();
    const key = createHmac('sha256', extracted).update('["hg-assignment-v1","r1",2]\u0001').digest();
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12), { authTagLength: 16 })
      .setAAD(Buffer.from('["hg-assignment-v1","e1",7,"r1",2]'))
      .setAuthTag(sealed.subarray(-16));
    expect(Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])).toEqual(TEXT);
  });
});
