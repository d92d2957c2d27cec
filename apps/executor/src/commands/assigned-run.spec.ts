import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Assignment } from '#libs/contracts';
import { contentHash, sealCheckpoint } from '#libs/crypto';
import { AssignedRuns } from '../../../../libs/testing/src/assigned-runs.ts';
import { type PartsOfExecutor, TWO_NODES } from '../../../../libs/testing/src/executor-parts.ts';
import { until } from '../../../../libs/testing/src/until.ts';
import type { RunnerResult } from '../runner-protocol.ts';

const OUTPUT = { text: 'hi', source: 'b', reason: 'single', outputs: {} };

let runs: AssignedRuns;
let parts: PartsOfExecutor;
beforeEach(async () => {
  runs = await AssignedRuns.start();
  ({ parts } = runs);
});
afterEach(() => runs.stop());

async function begin(more: Partial<Assignment> = {}) {
  const { assignment, sandbox, outcomes, ended } = await runs.begin(more);
  return {
    assignment,
    sandbox,
    outcomes,
    started: sandbox.sent[0],
    done: (result: RunnerResult) => sandbox.say({ kind: 'done', run: 1, result }),
    ended: async () => {
      await ended();
      return parts.bus.events().map(({ type, data }) => ({ type, data: JSON.parse(data) }));
    },
  };
}

describe('an assigned run', () => {
  it('is handed to a runner with its plan, its input, and stand-ins in the place of secrets', async () => {
    const secrets = [{ name: 'KEY', value: 'sk-secret', allowedHosts: [] }];
    const { assignment, started } = await begin({ variables: { NAME: 'value' }, secrets });
    expect(started).toEqual({
      kind: 'start',
      run: 1,
      planHash: assignment.plan.hash,
      plan: TWO_NODES,
      idSeed: assignment.runId,
      sessionId: 'session-1',
      input: 'hello',
      variables: { NAME: 'value', KEY: '{{secret:KEY}}' },
      completed: [],
    });
  });

  it('fetches an input that is too large for its assignment', async () => {
    parts.stored.set('/input', Buffer.from('{"large":1}'));
    const { started } = await begin({
      input: { url: parts.urlOf('input'), hash: contentHash('{"large":1}') },
    });
    expect(started).toMatchObject({ input: { large: 1 } });
  });

  it('without an input leaves the flow its own', async () => {
    expect((await begin({ input: {} })).started).not.toHaveProperty('input');
  });

  it('is handed what earlier attempts completed, opened, inline or fetched', async () => {
    const key = Buffer.alloc(32, 1);
    const assignment = parts.assignment();
    const sealed = (nodeId: string) =>
      sealCheckpoint(key, { runId: assignment.runId, nodeId, iteration: 0 }, `{"out":"${nodeId}"}`);
    parts.stored.set('/state', sealed('b'));
    const { started } = await begin({
      ...assignment,
      checkpointKey: key.toString('base64'),
      checkpoints: [
        { nodeId: 'a', iteration: 0, sealed: sealed('a').toString('base64') },
        { nodeId: 'b', iteration: 0, url: parts.urlOf('state') },
      ],
    });
    expect(started).toMatchObject({
      completed: [
        { nodeId: 'a', outputs: { out: 'a' } },
        { nodeId: 'b', outputs: { out: 'b' } },
      ],
    });
  });

  it('reports its start with the first word of its runner, and is done when the bus has its end', async () => {
    const { sandbox, done, ended, outcomes } = await begin();
    await parts.outbox.whenIdle();
    expect(parts.bus.events()).toEqual([]);
    sandbox.say({
      kind: 'event',
      run: 1,
      type: 'node.started',
      data: { nodeId: 'a', component: 'a', iteration: 0 },
    });
    const checkpoint = { kind: 'checkpoint', run: 1, nodeId: 'a', iteration: 0, outputs: { out: 'x' } };
    sandbox.say({ ...checkpoint, durationMs: 1.23456, resumed: false });
    done({ is: 'succeeded', output: OUTPUT });
    expect(outcomes).toEqual([]);
    const events = await ended();
    expect(events.map(({ type }) => type)).toEqual([
      'run.started',
      'node.started',
      'node.completed',
      'run.succeeded',
    ]);
    expect(events[0]?.data).toEqual({
      contentHash: 'content',
      engine: 'native',
      executorId: parts.executorId,
      warm: false,
    });
    expect(events[2]?.data).toEqual({
      nodeId: 'a',
      iteration: 0,
      outputs: { out: 'x' },
      durationMs: 1.235,
      resumed: false,
    });
    expect(outcomes).toEqual(['ended']);
  });

  it('keeps no state of a node that an earlier attempt completed', async () => {
    const { sandbox } = await begin();
    const checkpoint = { kind: 'checkpoint', run: 1, iteration: 0, outputs: {}, durationMs: 0 };
    sandbox.say({ ...checkpoint, nodeId: 'a', resumed: true });
    sandbox.say({ ...checkpoint, nodeId: 'b', resumed: false });
    await parts.outbox.whenIdle();
    expect(parts.bus.events().map((event) => event.checkpoint?.nodeId)).toEqual([undefined, undefined, 'b']);
  });

  it('counts its tokens on top of those of earlier attempts, and only what can be counted', async () => {
    const { sandbox, done, ended } = await begin({ attempt: 3, spent: { inputTokens: 10, outputTokens: 1 } });
    const usage = { nodeId: 'a', iteration: 0, call: 1, model: 'm' };
    const say = (data: object) => sandbox.say({ kind: 'event', run: 1, type: 'usage', data });
    say({ ...usage, inputTokens: 5, outputTokens: 2 });
    say({ ...usage, inputTokens: 1.5, outputTokens: -2 });
    done({ is: 'cancelled' });
    expect((await ended()).at(-1)).toMatchObject({
      type: 'run.failed',
      data: { usage: { inputTokens: 15, outputTokens: 3, totalTokens: 18, queueMs: 5, attempts: 3 } },
    });
  });

  it('fails with the error of its node, for the node and for itself', async () => {
    const { done, ended } = await begin();
    done({ is: 'failed', code: 'node.failed', detail: 'it broke', node: 'a', component: 'A', iteration: 0 });
    const [, failed, end] = await ended();
    const error = { code: 'node.failed', detail: 'it broke', node: 'a', component: 'A', retryable: false };
    expect(failed).toMatchObject({ type: 'node.failed', data: { nodeId: 'a', iteration: 0, error } });
    expect(end).toMatchObject({ type: 'run.failed', data: { error } });
  });

  it('fails with a code that there is, whatever its runner says', async () => {
    const { done, ended } = await begin();
    done({ is: 'failed', code: 'invented', detail: 'x' });
    expect((await ended()).at(-1)?.data).toMatchObject({ error: { code: 'node.failed' } });
  });

  it('cuts a long error, and not within a character', async () => {
    const { done, ended } = await begin();
    done({
      is: 'failed',
      code: 'node.failed',
      detail: `${'x'.repeat(3_999)}🚪🚪`,
      node: 'a',
      component: 'A',
    });
    const events = await ended();
    expect(events.map(({ type }) => type)).toEqual(['run.started', 'node.failed', 'run.failed']);
    expect(events[2]?.data.error.detail).toBe(`${'x'.repeat(3_999)}\ufffd…`);
  });

  it('says what was refused to it on its way out', async () => {
    const { sandbox } = await begin();
    const open = { nodeId: 'a', method: 'GET', url: 'https://10.0.0.1/', headers: [] };
    sandbox.say({ kind: 'http', run: 1, request: 4, open });
    await until('the refusal', () => parts.bus.events().length === 2);
    expect(JSON.parse(parts.bus.events()[1]?.data ?? '')).toMatchObject({ host: '10.0.0.1', count: 1 });
    expect(sandbox.sent.at(-1)).toMatchObject({
      kind: 'response',
      run: 1,
      request: 4,
      part: { is: 'error' },
    });
  });
});
