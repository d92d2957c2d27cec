import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AssignedRuns } from '../../../../libs/testing/src/assigned-runs.ts';
import { until } from '../../../../libs/testing/src/until.ts';

let runs: AssignedRuns;
beforeEach(async () => {
  runs = await AssignedRuns.start();
});
afterEach(() => runs.stop());

const done = (result: object) => ({ kind: 'done', run: 1, result });

describe('a run that is to stop', () => {
  it('asks its runner, and is cancelled when nothing of it runs any more', async () => {
    const { run, sandbox, outcomes, ended } = await runs.begin();
    run.cancel();
    run.cancel();
    expect(sandbox.sent.slice(1)).toEqual([{ kind: 'cancel', run: 1 }]);
    await runs.parts.outbox.whenIdle();
    expect(outcomes).toEqual([]);
    sandbox.say(done({ is: 'cancelled' }));
    expect(await ended()).toBe('ended');
    expect(JSON.parse(runs.parts.bus.events().at(-1)?.data ?? '')).toMatchObject({ confirmed: true });
  });

  it('is cancelled even where its result came first to it, and succeeds where it came first to us', async () => {
    const outputs = { b: { type: 'text', displayName: 'B', content: 'x'.repeat(100_000) } };
    const success = done({
      is: 'succeeded',
      output: { text: null, source: null, reason: 'none', outputs },
    });
    const one = await runs.begin();
    one.run.cancel();
    one.sandbox.say(success);
    await one.ended();
    expect(runs.ends().at(-1)?.[0]).toBe('run.cancelled');
    const other = await runs.begin({ organizationId: one.run.assignment.organizationId });
    other.sandbox.say({ ...success, run: 2 });
    other.run.cancel();
    await other.ended();
    expect(runs.ends().at(-1)?.[0]).toBe('run.succeeded');
  });

  it('takes its runner along where it does not stop in time, and its neighbour is given back', async () => {
    runs.parts.cancelGraceMs = 5;
    const { run, sandbox, ended, outcomes } = await runs.begin();
    const neighbour = await runs.begin({ organizationId: run.assignment.organizationId });
    run.cancel();
    await until('the kill', () => sandbox.isKilled);
    expect(outcomes).toEqual([]);
    sandbox.exit('killed');
    expect([await ended(), await neighbour.ended()]).toEqual(['ended', 'returned']);
    expect(runs.ends()).toEqual([['run.cancelled', undefined]]);
  });

  it('times out', async () => {
    const { sandbox, ended } = await runs.begin({ timeoutMs: 5 });
    await until('it is told', () => sandbox.sent.length === 2);
    sandbox.say(done({ is: 'cancelled' }));
    await ended();
    expect(runs.ends().at(-1)).toEqual(['run.timed_out', 'run.timed_out']);
  });

  it('is cancelled at once where it has no runner yet, and leaves its seat to others', async () => {
    const { run, begun, outcomes, sandbox } = runs.assign();
    run.cancel();
    await runs.parts.outbox.whenIdle();
    expect(outcomes).toEqual(['ended']);
    await begun;
    expect(runs.ends()).toEqual([['run.cancelled', undefined]]);
    expect(sandbox.sent).toEqual([]);
    expect(await runs.isFree(run.assignment.organizationId)).toBe(true);
  });

  it('fails where its runner says what cannot be recorded', async () => {
    const { sandbox, ended } = await runs.begin();
    sandbox.say({ kind: 'event', run: 1, type: 'log', data: { nodeId: 'a', level: 'info', text: '\ud800' } });
    sandbox.say(done({ is: 'cancelled' }));
    await ended();
    expect(runs.ends().at(-1)).toEqual(['run.failed', 'run.bad_event']);
  });

  it('fails where its runner completes a node that the plan does not have', async () => {
    const { sandbox, ended } = await runs.begin();
    const checkpoint = { kind: 'checkpoint', run: 1, nodeId: 'z', iteration: 0, outputs: {}, durationMs: 0 };
    sandbox.say({ ...checkpoint, resumed: false });
    sandbox.say(done({ is: 'cancelled' }));
    await ended();
    expect(runs.ends().at(-1)).toEqual(['run.failed', 'run.bad_event']);
  });

  it('fails where it puts out more than it may', async () => {
    const { sandbox, ended } = await runs.begin({
      staging: { url: runs.parts.urlOf('{i}'), maxBytes: 10, stateBytes: 10 },
    });
    const outputs = { b: { type: 'text', displayName: 'B', content: 'x'.repeat(100_000) } };
    sandbox.say(done({ is: 'succeeded', output: { text: null, source: null, reason: 'none', outputs } }));
    await ended();
    expect(runs.ends().at(-1)).toEqual(['run.failed', 'run.limit_exceeded']);
  });
});

describe('a run whose runner is gone', () => {
  it('is lost where the runner crashed, and says nothing more', async () => {
    const { run, sandbox, ended } = await runs.begin();
    sandbox.exit();
    expect(await ended()).toBe('lost');
    run.cancel();
    await runs.parts.outbox.whenIdle();
    expect(runs.ends()).toEqual([]);
  });

  it('is given back where the runner died before it could start', async () => {
    const { begun, sandbox, ended } = runs.assign();
    await until(
      'its seat is given',
      () => runs.parts.pool.warmSlots()[Object.keys(runs.parts.pool.warmSlots())[0] ?? ''],
    );
    sandbox.exit();
    await begun;
    expect(await ended()).toBe('returned');
  });

  it('is given back once when the executor ends', async () => {
    const { run, sandbox, outcomes } = await runs.begin();
    run.giveBack();
    run.giveBack();
    sandbox.say(done({ is: 'cancelled' }));
    await runs.parts.outbox.whenIdle();
    expect(outcomes).toEqual(['returned']);
    expect(runs.ends()).toEqual([]);
  });
});
