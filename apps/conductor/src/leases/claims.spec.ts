import { describe, expect, it } from '@jest/globals';
import type { BusMessage, ExecutorStatusData } from '#libs/contracts';
import { executorStatus } from '../../../../libs/testing/src/executor-status.ts';
import { Claims, type HeldClaim } from './claims.ts';

const MESSAGE: BusMessage = { topic: 't', key: 'k', headers: {}, value: Buffer.alloc(0) };
const claim = (runId: string, more: Partial<HeldClaim> = {}): HeldClaim => ({
  organizationId: 'o',
  projectId: 'p',
  deploymentId: 'd',
  runId,
  attempt: 1,
  failures: 0,
  executorId: 'e',
  timeoutSeconds: 600,
  claimedAtMs: 0,
  unconfirmed: MESSAGE,
  ...more,
});
const held = (...given: HeldClaim[]): Claims => {
  const claims = new Claims();
  for (const one of given) claims.add(one);
  return claims;
};
const status = (more: Partial<ExecutorStatusData> = {}) => executorStatus({ executorId: 'e', ...more });
const name = (runId: string, attempt = 1) => ({ organizationId: 'o', runId, attempt });
const done = (runId: string, outcome: 'ended' | 'returned' | 'lost', attempt = 1) => ({
  ...name(runId, attempt),
  outcome,
});
const NOTHING = { resend: [], givenBack: [], ended: [], recorded: [], stray: [] };

describe('the claims that are out', () => {
  it('are counted until they are removed', () => {
    const claims = held(claim('r'), claim('s'));
    expect(claims.size).toBe(2);
    expect(claims.remove('r')?.runId).toBe('r');
    expect(claims.size).toBe(1);
    expect(claims.get('r')).toBeUndefined();
  });

  it('are removed by their own attempt only', () => {
    const claims = held(claim('r', { attempt: 2 }));
    expect(claims.remove('r', 1)).toBeUndefined();
    expect(claims.get('r')?.attempt).toBe(2);
    expect(claims.remove('r', 2)?.attempt).toBe(2);
    expect(claims.remove('r', 2)).toBeUndefined();
  });

  it('are one per run: the next attempt takes the place of the last, also elsewhere', () => {
    const claims = held(claim('r'), claim('r', { attempt: 2, executorId: 'f' }));
    expect(claims.size).toBe(1);
    expect(claims.reconcile(status(), 9_000)).toEqual(NOTHING);
    expect(claims.reconcile(status({ executorId: 'f' }), 9_000).resend).toHaveLength(1);
  });
});

describe('what a status says of them', () => {
  it('is nothing where the executor holds what it should', () => {
    expect(held(claim('r')).reconcile(status({ held: [name('r')] }), 9_000)).toEqual(NOTHING);
  });

  it('asks to send again what was sent more than two seconds ago and has never been seen there', () => {
    const claims = held(claim('r'));
    expect(claims.reconcile(status(), 2_000)).toEqual(NOTHING);
    expect(claims.reconcile(status(), 2_001).resend).toEqual([claim('r')]);
    expect(claims.reconcile(status({ executorId: 'f' }), 2_001)).toEqual(NOTHING);
    expect(claims.reconcile(status({ held: [name('r', 2)] }), 2_001).resend).toHaveLength(1);
  });

  it.each(['held', 'done'] as const)('sends nothing again that has once been %s', (where) => {
    const claims = held(claim('r'));
    const seen = where === 'held' ? { held: [name('r')] } : { done: [done('r', 'ended')] };
    claims.reconcile(status(seen), 1);
    expect(claims.reconcile(status(), 9_000)).toEqual(NOTHING);
  });

  it('tells who gave an attempt back, who lost it with a runner, and who says that it has ended', () => {
    const all = [done('r', 'returned'), done('l', 'lost'), done('e', 'ended')];
    const claims = held(claim('r'), claim('l'), claim('e'));
    const findings = claims.reconcile(status({ done: all }), 1);
    expect(findings.givenBack.map(({ claim: { runId }, outcome }) => [runId, outcome])).toEqual([
      ['r', 'returned'],
      ['l', 'lost'],
    ]);
    expect(findings.ended.map(({ runId }) => runId)).toEqual(['e']);
    expect(findings.recorded).toEqual([]);
  });

  it.each<[string, Claims]>([
    ['ended by somebody else', held()],
    ['taken over by the next attempt', held(claim('r', { attempt: 2, unconfirmed: undefined }))],
    ['elsewhere', held(claim('r', { executorId: 'f' }))],
  ])('finds an attempt that is still held when it is heard of again, though it is %s', (_why, claims) => {
    const still = status({ held: [name('r')] });
    expect(claims.reconcile(still, 1)).toEqual(NOTHING);
    claims.reconcile(status({ executorId: 'f' }), 1);
    expect(claims.reconcile(still, 2).stray).toEqual([name('r')]);
    expect(claims.reconcile(still, 3).stray).toEqual([name('r')]);
  });

  it('finds nothing held that was gone or claimed in between', () => {
    const claims = held();
    const still = status({ held: [name('r')] });
    claims.reconcile(still, 1);
    claims.reconcile(status(), 2);
    expect(claims.reconcile(still, 3)).toEqual(NOTHING);
    claims.add(claim('r'));
    expect(claims.reconcile(still, 4)).toEqual(NOTHING);
    claims.remove('r');
    expect(claims.reconcile(still, 5)).toEqual(NOTHING);
  });

  it('lets the executor forget what is none of its claims any more', () => {
    const claims = held(claim('later', { attempt: 2 }), claim('elsewhere', { executorId: 'f' }));
    const all = [done('gone', 'ended'), done('later', 'lost'), done('elsewhere', 'returned')];
    expect(claims.reconcile(status({ done: all }), 1)).toEqual({
      ...NOTHING,
      recorded: [
        { runId: 'gone', attempt: 1 },
        { runId: 'later', attempt: 1 },
        { runId: 'elsewhere', attempt: 1 },
      ],
    });
  });
});
