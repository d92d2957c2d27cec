import { describe, expect, it } from '@jest/globals';
import { execution, from, out, planNode, planOf, run, type Work } from '../../testing/src/plans.ts';
import type { Measuring } from './measure.ts';

type Span = Parameters<Measuring['measured']>[0];

/** Runs a, and b behind it; a clock that counts its readings. */
async function spansOf(work: Record<string, Work>, signal = new AbortController().signal) {
  const spans: Span[] = [];
  const fetched: [string, number][] = [];
  const plan = planOf([planNode('a'), planNode('b', { inputs: { in: from('a') } })]);
  const given = execution(plan, { b: async () => out('b'), ...work }, { signal });
  let ticks = 0;
  given.host = {
    ...given.host,
    nowMs: () => ticks++,
    measured: (span) => spans.push(span),
    fetch: (nodeId, under) => {
      fetched.push([nodeId, under]);
      return globalThis.fetch;
    },
  };
  await run(given).catch(() => undefined);
  return { spans, fetched };
}

const call = { kind: 'model', attributes: { 'gen_ai.request.model': 'm' } } as const;

describe('what the engine measures', () => {
  it('is each node and, within it, each of its calls', async () => {
    const { spans } = await spansOf({
      a: (node) =>
        node.call(call, async ({ note }) => {
          note({ 'gen_ai.usage.output_tokens': 3 });
          return out('a');
        }),
    });
    expect(
      spans.map(({ kind, nodeId, number, parent, status }) => [kind, nodeId, number, parent, status]),
    ).toEqual([
      ['model', 'a', 2, 1, 'ok'],
      ['node', 'a', 1, undefined, 'ok'],
      ['node', 'b', 3, undefined, 'ok'],
    ]);
    expect(spans[0]?.attributes).toEqual({ 'gen_ai.request.model': 'm', 'gen_ai.usage.output_tokens': 3 });
    const [model, node] = spans as [Span, Span];
    expect(model.startedMs).toBeGreaterThan(node.startedMs);
    expect(model.durationMs).toBeLessThan(node.durationMs);
  });

  it('lets a request stand under the call in which it is made, else under its node', async () => {
    const { fetched } = await spansOf({
      a: (node) => node.call(call, async () => out('a')),
    });
    expect(fetched).toEqual([
      ['a', 1],
      ['a', 2],
      ['b', 3],
    ]);
  });

  it('leaves what the call was made with as it is', async () => {
    const given = { ...call, attributes: { ...call.attributes } };
    await spansOf({
      a: (node) =>
        node.call(given, async ({ note }) => {
          note({ more: true });
          return out('a');
        }),
    });
    expect(given).toEqual(call);
  });

  it('is an error where the call or the node fails', async () => {
    const { spans } = await spansOf({ a: (node) => node.call(call, () => Promise.reject(new Error('no'))) });
    expect(spans.map(({ kind, status }) => [kind, status])).toEqual([
      ['model', 'error'],
      ['node', 'error'],
    ]);
  });

  it('is stopped where the run was, whatever the node throws then', async () => {
    const stop = new AbortController();
    const { spans } = await spansOf(
      {
        a: () => {
          stop.abort();
          return Promise.reject(new Error('my own words'));
        },
      },
      stop.signal,
    );
    expect(spans.map(({ status }) => status)).toEqual(['stopped']);
  });
});
