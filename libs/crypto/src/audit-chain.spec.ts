import { describe, expect, it } from '@jest/globals';
import { AUDIT_START, auditHash } from './audit-chain.ts';

const FIRST = {
  act: 'key.create',
  actor: 'u1',
  org: 'o1',
  seq: 1,
  target: 'k1',
  ts: '2026-11-20T00:00:00.000Z',
};
const SECOND = { ...FIRST, act: 'key.revoke', seq: 2, ts: '2026-11-20T00:00:01.000Z' };
const FIRST_HASH = '61d56284affca511450288eaf492c9abd30843e99606beddf674436a22bade6d';
const SECOND_HASH = 'e56b7c259358fbfe7590af400cd9c7858db7b119006066a591148b7981d2494b';

describe('the audit chain', () => {
  it('has the hashes of the vectors', () => {
    const first = auditHash(AUDIT_START, FIRST);
    expect(first.toString('hex')).toBe(FIRST_HASH);
    expect(auditHash(first, SECOND).toString('hex')).toBe(SECOND_HASH);
  });

  it('begins with 32 zero bytes', () => {
    expect(AUDIT_START.toString('hex')).toBe('0'.repeat(64));
  });

  it('does not depend on the order in which an entry names its members', () => {
    const reversed = Object.fromEntries(Object.entries(FIRST).reverse());
    expect(auditHash(AUDIT_START, reversed).toString('hex')).toBe(FIRST_HASH);
  });

  it('breaks at every entry after one that was changed', () => {
    const changed = auditHash(AUDIT_START, { ...FIRST, actor: 'u2' });
    expect(changed.toString('hex')).not.toBe(FIRST_HASH);
    expect(auditHash(changed, SECOND).toString('hex')).not.toBe(SECOND_HASH);
  });

  it('breaks when an entry was taken out', () => {
    expect(auditHash(AUDIT_START, SECOND).toString('hex')).not.toBe(SECOND_HASH);
  });
});
