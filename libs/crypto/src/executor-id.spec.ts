import { describe, expect, it } from '@jest/globals';
import { isUuid } from '#libs/kernel';
import { isExecutorIdOf, newExecutorId } from './executor-id.ts';
import { makeRoadEnd } from './road-keys.ts';

const VECTOR = '-7e33-9025-4e7597b253ff';

describe("an executor's id", () => {
  const { publicKey } = makeRoadEnd();

  it('is a new UUIDv7 of its public key', () => {
    const id = newExecutorId(publicKey);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(isUuid(id)).toBe(true);
    expect(isExecutorIdOf(publicKey, id)).toBe(true);
  });

  it('holds the hash of the key as the format says', () => {
    expect(newExecutorId('A'.repeat(43)).slice(13)).toBe(VECTOR);
    expect(isExecutorIdOf('A'.repeat(43), `017f22e2-79b0${VECTOR}`)).toBe(true);
  });

  it("is nobody else's, whatever digit of it is another", () => {
    const id = newExecutorId(publicKey);
    expect(isExecutorIdOf(makeRoadEnd().publicKey, id)).toBe(false);
    for (let at = 14; at < id.length; at += 1) {
      if (id.charAt(at) === '-') continue;
      const other = id.charAt(at) === '8' ? '9' : '8';
      expect(isExecutorIdOf(publicKey, id.slice(0, at) + other + id.slice(at + 1))).toBe(false);
    }
    expect(isExecutorIdOf(publicKey, id.toUpperCase())).toBe(false);
  });
});
