import { describe, expect, it } from '@jest/globals';
import { RunSpans } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { TWO_NODES } from '../../../../libs/testing/src/executor-parts.ts';
import { KeptBus } from '../../../../libs/testing/src/kept-bus.ts';
import { Redactor } from '../broker/redactor.ts';
import type { RunnerSpan } from '../runner-protocol.ts';
import { type AttemptOutcome, AttemptSpans } from './attempt-spans.ts';
import { SpanOutbox } from './span-outbox.ts';

const SECRET = 'sk-Nobody-sees-this';

function attempt() {
  const bus = new KeptBus();
  const outbox = new SpanOutbox(bus, newId());
  const redactor = new Redactor([{ name: 'KEY', value: SECRET }]);
  const sender = {
    ...{ organizationId: 'o1', runId: newId(), attempt: 1, runToken: 'token' },
    ...{ queueMs: 3, placementMs: 2 },
  };
  const spans = new AttemptSpans(sender, outbox, redactor);
  return {
    spans,
    told: async () => {
      await outbox.end();
      return bus.batches.flat().flatMap(({ value }) => RunSpans.decode(value).data.spans);
    },
  };
}

const ofNode = (more: Partial<RunnerSpan> = {}): RunnerSpan => ({
  ...{ number: 1, kind: 'node', nodeId: 'a', iteration: 0, startedMs: 0, durationMs: 0, status: 'ok' },
  attributes: {},
  ...more,
});
const ofModel = (model: string) =>
  ofNode({ number: 2, parent: 1, kind: 'model', attributes: { 'gen_ai.request.model': model } });
const request = { nodeId: 'a', method: 'GET', url: `https://a.test/${SECRET}?q=${SECRET}`, headers: [] };

describe('the spans of an attempt', () => {
  it('stand under each other as the runner counts them, beside those of the supervisor', async () => {
    const { spans, told } = attempt();
    spans.handedOver(true);
    spans.request({ ...request, under: 2 })('ok', 200);
    spans.request(request)('stopped');
    spans.fromRunner(ofModel('m'), TWO_NODES);
    spans.fromRunner(ofNode(), TWO_NODES);
    spans.end('succeeded');
    expect((await told()).map(({ kind, number, parent }) => [kind, number, parent])).toEqual([
      ['start', 2, 0],
      ['http', 4, 5],
      ['http', 6, 0],
      ['model', 5, 3],
      ['node', 3, 0],
      ['attempt', 0, undefined],
    ]);
  });

  it('lie within it, whatever the runner says of their times', async () => {
    const { spans, told } = attempt();
    spans.handedOver(false);
    const afar = { startedMs: 1e9, durationMs: 1e9 };
    spans.fromRunner(ofNode(afar), TWO_NODES);
    spans.fromRunner(ofNode({ durationMs: 1e9 }), TWO_NODES);
    spans.request({ ...request, startedMs: 1e9 })('ok');
    const open = spans.request(request);
    spans.end('succeeded');
    const root = (await told()).at(-1);
    open('stopped');
    const all = await told();
    expect(all).toHaveLength(6);
    for (const { startedMs, durationMs } of all)
      expect(startedMs + durationMs).toBeLessThanOrEqual(Number(root?.durationMs));
  });

  it('tell no secret, wherever a flow puts it, and neither path nor query of a request', async () => {
    const { spans, told } = attempt();
    spans.fromRunner(ofModel(`a model of ${SECRET}`), TWO_NODES);
    spans.request({ ...request, method: SECRET })('ok');
    spans.request({ ...request, url: `https://${SECRET}.test/` })('ok');
    const all = await told();
    expect(JSON.stringify(all).toLowerCase()).not.toContain(SECRET.toLowerCase());
    expect(all[0]).toMatchObject({
      name: 'chat a model of [secret:KEY]',
      attributes: { 'gen_ai.request.model': 'a model of [secret:KEY]' },
    });
    expect(all[1]?.attributes['server.address']).toBe('a.test');
  });

  it('are none of what the plan does not have', async () => {
    const { spans, told } = attempt();
    spans.fromRunner(ofNode({ nodeId: 'unknown' }), TWO_NODES);
    spans.fromRunner(ofNode(), undefined);
    expect(await told()).toEqual([]);
  });

  it.each<[AttemptOutcome, string]>([
    ['succeeded', 'ok'],
    ['failed', 'error'],
    ['timed_out', 'error'],
    ['lost', 'error'],
    ['cancelled', 'stopped'],
    ['returned', 'stopped'],
    ['unserved', 'stopped'],
  ])('end with a root that says that it is %s', async (outcome, status) => {
    const { spans, told } = attempt();
    spans.end(outcome);
    expect(await told()).toEqual([
      expect.objectContaining({
        number: 0,
        status,
        attributes: { 'headgate.run.attempt': 1, 'headgate.outcome': outcome },
      }),
    ]);
  });
});
