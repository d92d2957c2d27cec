import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Assignment } from '#libs/contracts';
import { contentHash } from '#libs/crypto';
import { PartsOfExecutor } from '../../../../libs/testing/src/executor-parts.ts';
import { until } from '../../../../libs/testing/src/until.ts';
import { AssignedRun } from './assigned-run.ts';

let parts: PartsOfExecutor;
const runs: AssignedRun[] = [];
beforeEach(async () => {
  parts = await PartsOfExecutor.start();
});
afterEach(async () => {
  for (const run of runs.splice(0)) run.giveBack();
  await parts.stop();
});

function assign(more: Partial<Assignment> = {}) {
  const outcomes: string[] = [];
  const run = new AssignedRun(parts.assignment(more), parts, (outcome) => outcomes.push(outcome));
  runs.push(run);
  return {
    run,
    outcomes,
    begun: run.begin(),
    sandbox: parts.driver.sandbox(0),
    ended: () => until('its end', () => outcomes[0]),
  };
}

async function begin(more: Partial<Assignment> = {}) {
  const assigned = assign(more);
  await assigned.begun;
  return assigned;
}

const ends = () => parts.bus.events().map(({ type, data }) => [type, JSON.parse(data).error?.code]);
/** Whether nobody sits in the runner of an organization any more. */
const isFree = async (organizationId: string) => {
  const { runner, isWarm } = await parts.pool.take(organizationId, true);
  runner.leave();
  return isWarm;
};
const done = (result: object) => ({ kind: 'done', run: 1, result });

describe('a run that cannot be prepared', () => {
  const gone = () => parts.urlOf('gone');
  const wrong = () => {
    parts.stored.set('/wrong', Buffer.from('{}'));
    return { url: parts.urlOf('wrong'), hash: contentHash('something else') };
  };

  it.each<[string, () => Partial<Assignment>]>([
    ['its plan', () => ({ plan: { hash: 'another', url: gone() } })],
    ['its input', () => ({ input: { url: gone(), hash: 'another' } })],
    ['the state of a node', () => ({ checkpoints: [{ nodeId: 'a', iteration: 0, url: gone() }] })],
  ])(
    'now, as %s is not to be had, is left to its next attempt, and its seat to others',
    async (_what, more) => {
      const { begun, outcomes, run } = assign(more());
      await begun;
      expect(outcomes).toEqual(['unserved']);
      await parts.outbox.whenIdle();
      expect(ends()).toEqual([]);
      expect(await isFree(run.assignment.organizationId)).toBe(true);
    },
  );

  it.each<[string, () => Partial<Assignment>]>([
    ['its plan', () => ({ plan: wrong() })],
    ['its input', () => ({ input: wrong() })],
    ['the state of a node', () => ({ checkpoints: [{ nodeId: 'a', iteration: 0, sealed: 'AAAA' }] })],
  ])('ever, as %s is not what it should be, fails, and leaves its seat to others', async (_what, more) => {
    const { begun, ended, run } = assign(more());
    await begun;
    expect(await ended()).toBe('ended');
    expect(ends()).toEqual([['run.failed', 'run.plan_unavailable']]);
    expect(await isFree(run.assignment.organizationId)).toBe(true);
  });
});

describe('a run whose large value cannot be stored now', () => {
  const large = { out: 'x'.repeat(100_000) };
  const unstored = { staging: { url: 'http://127.0.0.1:1/{i}', maxBytes: 1_000_000, stateBytes: 1_000_000 } };

  it('stops, and is left to its next attempt', async () => {
    const { sandbox, ended } = await begin(unstored);
    const node = { nodeId: 'a', iteration: 0, outputs: large, durationMs: 1, resumed: false };
    sandbox.say({ kind: 'checkpoint', run: 1, ...node });
    await until('it is told to stop', () => sandbox.sent.length === 2);
    sandbox.say(done({ is: 'cancelled' }));
    expect(await ended()).toBe('unserved');
  });

  it('is left to its next attempt where it was its output', async () => {
    const { sandbox, ended } = await begin(unstored);
    const outputs = { b: { type: 'text', displayName: 'B', content: large.out } };
    sandbox.say(done({ is: 'succeeded', output: { text: null, source: null, reason: 'none', outputs } }));
    expect(await ended()).toBe('unserved');
    expect(ends()).toEqual([['run.started', undefined]]);
  });
});
