import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { checkpointKey, isRunToken, openCheckpoint, runToken, sealCheckpoint } from './run-keys.ts';

const CELL_KEY = Buffer.alloc(32, 7);
const ATTEMPT = { organizationId: 'o1', runId: 'r1', attempt: 2, executorId: 'e1' };

describe('a run token', () => {
  it('is taken for the attempt that it was made for', () => {
    expect(isRunToken(CELL_KEY, ATTEMPT, runToken(CELL_KEY, ATTEMPT))).toBe(true);
  });

  it.each([
    ['organization', { ...ATTEMPT, organizationId: 'o2' }],
    ['run', { ...ATTEMPT, runId: 'r2' }],
    ['attempt', { ...ATTEMPT, attempt: 1 }],
    ['executor', { ...ATTEMPT, executorId: 'e2' }],
  ])('is refused for another %s', (_what, name) => {
    expect(isRunToken(CELL_KEY, name, runToken(CELL_KEY, ATTEMPT))).toBe(false);
  });

  it('is refused when another cell made it', () => {
    expect(isRunToken(CELL_KEY, ATTEMPT, runToken(Buffer.alloc(32, 8), ATTEMPT))).toBe(false);
  });

  it.each(['', 'x', '%', 'A'.repeat(43), 'A'.repeat(1_000)])('is refused as %p', (token) => {
    expect(isRunToken(CELL_KEY, ATTEMPT, token)).toBe(false);
  });

  it('is refused when it is cut short', () => {
    expect(isRunToken(CELL_KEY, ATTEMPT, runToken(CELL_KEY, ATTEMPT).slice(0, 20))).toBe(false);
  });
});

describe("a run's checkpoint key", () => {
  it('is HKDF-SHA-256 of the organization key over "hg-checkpoint" and the run', () => {
    const kek = Buffer.alloc(32, 1);
    const extracted = createHmac('sha256', Buffer.alloc(32)).update(kek).digest();
    const expanded = createHmac('sha256', extracted)
      .update(Buffer.concat([Buffer.from('hg-checkpointr1'), Buffer.from([1])]))
      .digest();
    expect(checkpointKey(kek, 'r1')).toEqual(expanded);
  });

  it('is another for another run or another organization', () => {
    const key = checkpointKey(Buffer.alloc(32, 1), 'r1');
    expect(checkpointKey(Buffer.alloc(32, 1), 'r2')).not.toEqual(key);
    expect(checkpointKey(Buffer.alloc(32, 2), 'r1')).not.toEqual(key);
  });
});

describe('a sealed checkpoint', () => {
  const key = checkpointKey(Buffer.alloc(32, 1), 'r1');
  const name = { runId: 'r1', nodeId: 'Prompt-1', iteration: 0 };

  it.each(['', '{"out":"\\u0000"}', 'Straße 🚪', 'x'.repeat(2_000_000)])(
    'gives the state back as it was (%#)',
    (state) => {
      expect(openCheckpoint(key, name, sealCheckpoint(key, name, state))).toBe(state);
    },
  );

  it('shows nothing of the state, and is another one each time', () => {
    const one = sealCheckpoint(key, name, 'the same state');
    expect(one.includes('state')).toBe(false);
    expect(sealCheckpoint(key, name, 'the same state')).not.toEqual(one);
  });

  it.each([
    ['of another run', { ...name, runId: 'r2' }],
    ['of another node', { ...name, nodeId: 'Prompt-2' }],
    ['of another iteration', { ...name, iteration: 1 }],
  ])('does not open under the name %s', (_what, other) => {
    const sealed = sealCheckpoint(key, name, 'state');
    expect(() => openCheckpoint(key, other, sealed)).toThrow();
  });

  it("does not open with another run's key", () => {
    const sealed = sealCheckpoint(key, name, 'state');
    expect(() => openCheckpoint(checkpointKey(Buffer.alloc(32, 1), 'r2'), name, sealed)).toThrow();
  });

  it('does not open when a byte of it is another or its end is missing', () => {
    const sealed = sealCheckpoint(key, name, 'state');
    for (let at = 0; at < sealed.length; at += 1) {
      const altered = Buffer.from(sealed);
      altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
      expect(() => openCheckpoint(key, name, altered)).toThrow();
      expect(() => openCheckpoint(key, name, sealed.subarray(0, at))).toThrow();
    }
  });
});
