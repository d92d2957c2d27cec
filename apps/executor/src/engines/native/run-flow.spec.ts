import { describe, expect, it } from '@jest/globals';
import { type Component, ComponentError, catalogOf, type Plan } from '#libs/engine';
import { from, planNode, planOf } from '../../../../../libs/testing/src/plans.ts';
import { FromRunner, type StartFrame } from '../../runner-protocol.ts';
import { runFlow } from './run-flow.ts';

const component = (name: string, run: Component['run']): Component => ({
  name,
  aliases: [],
  modules: [],
  role: 'inner',
  outputs: { out: '' },
  run,
});

const start = (more: Partial<StartFrame> = {}): StartFrame => ({
  kind: 'start',
  run: 7,
  planHash: 'h',
  idSeed: 'run-1',
  sessionId: 's1',
  variables: {},
  completed: [],
  ...more,
});

const TWO = planOf([planNode('a'), planNode('b', { inputs: { in: from('a') } })]);

async function framesOf(
  plan: Plan,
  components: Component[],
  frame = start(),
  signal = new AbortController().signal,
) {
  const frames: FromRunner[] = [];
  await runFlow(
    frame,
    plan,
    catalogOf(components),
    () => globalThis.fetch,
    signal,
    (one) => frames.push(one),
  );
  return frames.filter((one) => one.kind !== 'span');
}

const kinds = (frames: FromRunner[]) =>
  frames.map((frame) => {
    if (frame.kind === 'checkpoint') return `checkpoint ${frame.nodeId}${frame.resumed ? ' resumed' : ''}`;
    return frame.kind === 'event' ? `${frame.type} ${(frame.data as { nodeId: string }).nodeId}` : frame.kind;
  });

describe('a flow in the runner', () => {
  const echo = (name: string) =>
    component(name, async (node) => ({ out: `${node.fields['in'] ?? ''}${name}` }));

  it('says a checkpoint of each node and, last, how it ended', async () => {
    const frames = await framesOf(TWO, [echo('a'), echo('b')]);
    expect(kinds(frames)).toEqual([
      'node.started a',
      'checkpoint a',
      'node.started b',
      'checkpoint b',
      'done',
    ]);
    expect(frames[3]).toMatchObject({ run: 7, iteration: 0, outputs: { out: 'ab' }, resumed: false });
    expect(frames[4]).toMatchObject({ run: 7, result: { is: 'succeeded' } });
  });

  it('does not run a node again whose checkpoint it is given, and goes on with what that put out', async () => {
    const never = component('a', () => Promise.reject(new Error('it ran again')));
    const completed = [{ nodeId: 'a', outputs: { out: 'kept ' } }];
    const frames = await framesOf(TWO, [never, echo('b')], start({ completed }));
    expect(kinds(frames)).toEqual(['checkpoint a resumed', 'node.started b', 'checkpoint b', 'done']);
    expect(frames[2]).toMatchObject({ outputs: { out: 'kept b' } });
  });

  it('gives ids that are the same in each attempt and others in another run, node or use', async () => {
    const ids = component('a', async (node) => ({ out: [node.stableId('x'), node.stableId('y')].join() }));
    const idsOf = async (more: Partial<StartFrame>) => {
      const frame = (await framesOf(planOf([planNode('a')]), [ids], start(more)))[1];
      return frame?.kind === 'checkpoint' ? String(frame.outputs['out']).split(',') : [];
    };
    const first = await idsOf({});
    expect(await idsOf({})).toEqual(first);
    const other = await idsOf({ idSeed: 'run-2' });
    expect(new Set([...first, ...other]).size).toBe(4);
    for (const id of first)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('fails with the code that its node gave, else with that of a failed node', async () => {
    const failing = (cause: Error) => component('a', () => Promise.reject(cause));
    const resultOf = async (cause: Error) =>
      (await framesOf(planOf([planNode('a')]), [failing(cause)])).at(-1);
    expect(await resultOf(new ComponentError('no', 'variable.missing'))).toMatchObject({
      result: { is: 'failed', code: 'variable.missing', node: 'a', component: 'a', iteration: 0 },
    });
    expect(await resultOf(new Error('no'))).toMatchObject({
      result: { is: 'failed', code: 'node.failed', detail: expect.stringContaining('no') },
    });
  });

  it('says what it measured before its end, by a clock that began with the run', async () => {
    const frames: FromRunner[] = [];
    const calling = component('a', (node) =>
      node.call({ kind: 'tool', attributes: { 'gen_ai.tool.name': 'search' } }, async () => ({ out: 1 })),
    );
    const wants = planOf([planNode('a')]);
    const signal = new AbortController().signal;
    const beganMs = performance.now() - 1_000;
    const send = (one: FromRunner) => frames.push(one);
    await runFlow(start(), wants, catalogOf([calling]), () => globalThis.fetch, signal, send, beganMs);
    expect(frames.at(-1)?.kind).toBe('done');
    const spans = frames.flatMap((frame) => (frame.kind === 'span' ? [frame] : []));
    expect(spans.map(({ run, span: { kind, parent } }) => [run, kind, parent])).toEqual([
      [7, 'tool', 1],
      [7, 'node', undefined],
    ]);
    for (const { span } of spans) {
      expect(FromRunner.parse({ kind: 'span', run: 7, span })).toEqual({ kind: 'span', run: 7, span });
      expect(span.startedMs).toBeGreaterThanOrEqual(1_000);
    }
  });

  it('that was told to stop is cancelled, whatever its nodes throw then', async () => {
    const stop = new AbortController();
    const waiting = component('a', (node) => {
      const ended = new Promise<never>((_, reject) => {
        node.signal.addEventListener('abort', () => reject(new Error('my own words')));
      });
      stop.abort();
      return ended;
    });
    const frames = await framesOf(planOf([planNode('a')]), [waiting], start(), stop.signal);
    expect(frames.at(-1)).toEqual({ kind: 'done', run: 7, result: { is: 'cancelled' } });
  });
});
