import { describe, expect, it } from '@jest/globals';
import { RUN_EVENT_TYPES } from '#libs/domain';
import { FromRunner } from './runner-protocol.ts';

const request = { nodeId: 'n', method: 'GET', url: 'https://a.test', headers: [] as string[][] };
const http = (more: object) => ({ kind: 'http', run: 1, request: 1, open: { ...request, ...more } });
const checkpoint = {
  kind: 'checkpoint',
  run: 1,
  nodeId: 'n',
  iteration: 0,
  outputs: {},
  durationMs: 0.1,
  resumed: false,
};

const LONG = 'x'.repeat(201);
const failed = (more: object) => ({
  kind: 'done',
  run: 1,
  result: { is: 'failed', code: 'node.failed', detail: 'no', ...more },
});

/** The rest of a run's events is the supervisor's to say, or nobody's on this side of the bus. */
const OF_A_RUNNER: readonly string[] = [
  'node.started',
  'node.skipped',
  'message.added',
  'message.delta',
  'output',
  'log',
  'usage',
];

describe('a runner', () => {
  it('tells of a call what is known by name and fits, and no end comes of what does not', () => {
    const attributes = {
      'gen_ai.request.model': LONG,
      'gen_ai.usage.input_tokens': Number.NaN,
      'gen_ai.usage.output_tokens': 2,
      prompt: 'what was said',
    };
    const span = {
      ...{ number: 2, parent: 1, kind: 'model', nodeId: 'n', iteration: 0 },
      ...{ startedMs: 0, durationMs: 0, status: 'ok', attributes },
    };
    const { data } = FromRunner.safeParse({ kind: 'span', run: 1, span });
    const seen = data?.kind === 'span' ? data.span.attributes : {};
    expect(JSON.parse(JSON.stringify(seen))).toEqual({ 'gen_ai.usage.output_tokens': 2 });
  });

  it.each(RUN_EVENT_TYPES)('may say %s only where that is its own to say', (type) => {
    const frame = { kind: 'event', run: 1, type, data: {} };
    expect(FromRunner.safeParse(frame).success).toBe(OF_A_RUNNER.includes(type));
  });

  it.each<[string, object]>([
    ['ready', { kind: 'ready' }],
    ['an event', { kind: 'event', run: 0, type: 'log', data: null }],
    ['a checkpoint', checkpoint],
    ['a request', http({})],
    [
      'a request with all that it may hold',
      http({ method: 'x'.repeat(20), url: 'x'.repeat(8_192), headers: Array(200).fill(['a', 'b']) }),
    ],
    ['that a request is over', { kind: 'http', run: 1, request: 1 }],
    ['that a run failed', failed({ node: 'x'.repeat(200), component: 'é'.repeat(200), iteration: 0 })],
    ['that a run was cancelled', { kind: 'done', run: 1, result: { is: 'cancelled' } }],
  ])('may say %s', (_what, frame) => {
    expect(FromRunner.parse(frame)).toEqual(frame);
  });

  it.each<[string, unknown]>([
    ['what is no frame', 'hello'],
    ['what no frame is called', { kind: 'exec', run: 1 }],
    ['something about a run that cannot be', { kind: 'event', run: -1, type: 'log', data: {} }],
    ['a checkpoint that took less than no time', { ...checkpoint, durationMs: -1 }],
    ['a checkpoint of half an iteration', { ...checkpoint, iteration: 0.5 }],
    ['a checkpoint of an iteration that no column holds', { ...checkpoint, iteration: 2 ** 31 }],
    ['a request with a long method', http({ method: 'x'.repeat(21) })],
    ['a request with a long URL', http({ url: 'x'.repeat(8_193) })],
    ['a request with many headers', http({ headers: Array(201).fill(['a', 'b']) })],
    ['a request with a header of three parts', http({ headers: [['a', 'b', 'c']] })],
    ['a checkpoint of a node with a long name', { ...checkpoint, nodeId: LONG }],
    ['a request of a node with a long name', http({ nodeId: LONG })],
    ['a failure with a long code', failed({ code: LONG })],
    ['a failure of a node with a long name', failed({ node: LONG })],
    ['a failure of a component with a long name', failed({ component: LONG })],
    ['a failure of a node with half a character', failed({ node: '\ud800' })],
    ['an end that there is not', { kind: 'done', run: 1, result: { is: 'timed_out' } }],
  ])('may not say %s', (_what, frame) => {
    expect(FromRunner.safeParse(frame).success).toBe(false);
  });

  it.each([
    ['x'.repeat(4_000), 'x'.repeat(4_000)],
    ['x'.repeat(4_001), `${'x'.repeat(4_000)}…`],
    [`${'x'.repeat(3_999)}😀`, `${'x'.repeat(3_999)}\ufffd…`],
    ['a\ud800b', 'a\ufffdb'],
  ])('says why a run failed in whole characters, and not at length', (detail, said) => {
    expect(FromRunner.parse(failed({ detail }))).toEqual(failed({ detail: said }));
  });
});
