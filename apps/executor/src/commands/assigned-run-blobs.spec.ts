import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Assignment } from '#libs/contracts';
import { contentHash } from '#libs/crypto';
import { AssignedRuns } from '../../../../libs/testing/src/assigned-runs.ts';
import { until } from '../../../../libs/testing/src/until.ts';

let runs: AssignedRuns;
beforeEach(async () => {
  runs = await AssignedRuns.start();
});
afterEach(() => runs.stop());

const done = (result: object) => ({ kind: 'done', run: 1, result });

describe('a run that cannot be prepared', () => {
  const gone = () => runs.parts.urlOf('gone');
  const wrong = () => {
    runs.parts.stored.set('/wrong', Buffer.from('{}'));
    return { url: runs.parts.urlOf('wrong'), hash: contentHash('something else') };
  };

  it.each<[string, () => Partial<Assignment>]>([
    ['its plan', () => ({ plan: { hash: 'another', url: gone() } })],
    ['its input', () => ({ input: { url: gone(), hash: 'another' } })],
    ['the state of a node', () => ({ checkpoints: [{ nodeId: 'a', iteration: 0, url: gone() }] })],
  ])(
    'now, as %s is not to be had, is left to its next attempt, and its seat to others',
    async (_what, more) => {
      const { begun, outcomes, run } = runs.assign(more());
      await begun;
      expect(outcomes).toEqual(['unserved']);
      await runs.parts.outbox.whenIdle();
      expect(runs.ends()).toEqual([]);
      expect(await runs.isFree(run.assignment.organizationId)).toBe(true);
    },
  );

  it.each<[string, () => Partial<Assignment>]>([
    ['its plan', () => ({ plan: wrong() })],
    ['its input', () => ({ input: wrong() })],
    ['the state of a node', () => ({ checkpoints: [{ nodeId: 'a', iteration: 0, sealed: 'AAAA' }] })],
  ])('ever, as %s is not what it should be, fails, and leaves its seat to others', async (_what, more) => {
    const { begun, ended, run } = runs.assign(more());
    await begun;
    expect(await ended()).toBe('ended');
    expect(runs.ends()).toEqual([['run.failed', 'run.plan_unavailable']]);
    expect(await runs.isFree(run.assignment.organizationId)).toBe(true);
  });
});

describe('a run whose large value cannot be stored now', () => {
  const large = { out: 'x'.repeat(100_000) };
  const unstored = { staging: { url: 'http://127.0.0.1:1/{i}', maxBytes: 1_000_000, stateBytes: 1_000_000 } };

  it('stops, and is left to its next attempt', async () => {
    const { sandbox, ended } = await runs.begin(unstored);
    const node = { nodeId: 'a', iteration: 0, outputs: large, durationMs: 1, resumed: false };
    sandbox.say({ kind: 'checkpoint', run: 1, ...node });
    await until('it is told to stop', () => sandbox.sent.length === 2);
    sandbox.say(done({ is: 'cancelled' }));
    expect(await ended()).toBe('unserved');
  });

  it('is left to its next attempt where it was its output', async () => {
    const { sandbox, ended } = await runs.begin(unstored);
    const outputs = { b: { type: 'text', displayName: 'B', content: large.out } };
    sandbox.say(done({ is: 'succeeded', output: { text: null, source: null, reason: 'none', outputs } }));
    expect(await ended()).toBe('unserved');
    expect(runs.ends()).toEqual([['run.started', undefined]]);
  });
});
