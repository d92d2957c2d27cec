import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RunSpans, TOPICS } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { AssignedRuns } from '../../../../libs/testing/src/assigned-runs.ts';
import type { PartsOfExecutor } from '../../../../libs/testing/src/executor-parts.ts';
import type { RunnerSpan } from '../runner-protocol.ts';
import type { AssignedRun } from './assigned-run.ts';

const OUTPUT = { text: 'hi', source: 'b', reason: 'single', outputs: {} };
// one, so that all its runs are in one runner
const ORGANIZATION = newId();
const NODE: RunnerSpan = {
  ...{ number: 1, kind: 'node', nodeId: 'a', iteration: 0, startedMs: 0, durationMs: 0, status: 'ok' },
  attributes: {},
};

let runs: AssignedRuns;
let parts: PartsOfExecutor;
beforeEach(async () => {
  runs = await AssignedRuns.start();
  ({ parts } = runs);
});
afterEach(() => runs.stop());

async function begin(underwayMs = 0) {
  const { run, sandbox, ended } = await runs.begin({ organizationId: ORGANIZATION }, underwayMs);
  return {
    run,
    ended,
    span: (span: RunnerSpan) => sandbox.say({ kind: 'span', run: 1, span }),
    succeed: () => sandbox.say({ kind: 'done', run: 1, result: { is: 'succeeded', output: OUTPUT } }),
  };
}

const told = async () => {
  await parts.spans.end();
  const messages = parts.bus.batches.flat().filter(({ topic }) => topic === TOPICS.runSpan);
  return messages.map(({ value }) => RunSpans.decode(value).data);
};

describe('the spans of an assigned run', () => {
  it('are one message of a short run, with how it came here', async () => {
    const { ended, span, succeed } = await begin(4);
    span(NODE);
    succeed();
    await ended();
    const messages = await told();
    expect(messages).toEqual([
      expect.objectContaining({ attempt: 1, queueMs: 5, placementMs: 6, dropped: 0 }),
    ]);
    expect(messages[0]?.spans.map(({ kind, status }) => [kind, status])).toEqual([
      ['start', 'ok'],
      ['node', 'ok'],
      ['attempt', 'ok'],
    ]);
  });

  it('hold up no end while the bus takes none of them', async () => {
    const isSpan = ({ topic }: { topic: string }) => topic === TOPICS.runSpan;
    parts.bus.before = (messages) =>
      messages.some(isSpan) ? new Promise(() => undefined) : Promise.resolve();
    const first = await begin();
    first.succeed();
    await first.ended();
    void parts.spans.end();
    const second = await begin();
    parts.driver.sandbox(0).say({ kind: 'done', run: 2, result: { is: 'succeeded', output: OUTPUT } });
    expect(await second.ended()).toBe('ended');
  });

  it.each<[string, (run: AssignedRun) => void, string, string]>([
    ['given back', (run) => run.giveBack(), 'returned', 'stopped'],
    ['lost', (run) => run.lost('crashed'), 'lost', 'error'],
  ])('end with an attempt that is %s', async (_how, leave, outcome, status) => {
    const { run } = await begin();
    leave(run);
    expect((await told()).flatMap(({ spans }) => spans).at(-1)).toMatchObject({
      kind: 'attempt',
      status,
      attributes: { 'headgate.outcome': outcome },
    });
  });

  it('end with a run that was cancelled, and with one that failed', async () => {
    const { run, ended } = await begin();
    run.cancel();
    parts.driver.sandbox(0).say({ kind: 'done', run: 1, result: { is: 'cancelled' } });
    await ended();
    const failing = await begin();
    const result = { is: 'failed', code: 'node.failed', detail: 'no' };
    parts.driver.sandbox(0).say({ kind: 'done', run: 2, result });
    await failing.ended();
    const roots = (await told()).flatMap(({ spans }) => spans).filter(({ kind }) => kind === 'attempt');
    expect(roots.map(({ status, attributes }) => [status, attributes['headgate.outcome']])).toEqual([
      ['stopped', 'cancelled'],
      ['error', 'failed'],
    ]);
  });
});
