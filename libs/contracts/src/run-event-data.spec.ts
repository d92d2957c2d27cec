import { describe, expect, it } from '@jest/globals';
import { RUN_EVENT_TYPES, type RunEventType } from '#libs/domain';
import { RUN_EVENT_DATA } from './run-event-data.ts';

const nodeId = 'Prompt-1';
const messageId = '0190b3a4-0000-8000-a000-000000000001';
const node = { nodeId, iteration: 0 };
const error = {
  type: 'urn:headgate:problem:node.failed',
  title: 'A component of the flow failed',
  status: 500,
  detail: 'It broke.',
  code: 'node.failed',
  retryable: false,
};
const usage = { inputTokens: 3, outputTokens: 4, totalTokens: 7, computeMs: 9, queueMs: 1, attempts: 1 };
const blob = { hash: 'a'.repeat(64), size: 70_000 };
const output = {
  text: 'hello',
  source: 'ChatOutput-1',
  reason: 'single',
  outputs: { 'ChatOutput-1': { type: 'message', displayName: 'Chat Output', content: 'hello' } },
};

/** The table of the formats, section 8: all that each type carries. */
const GOLDEN: Record<RunEventType, Record<string, unknown>> = {
  'run.queued': { deploymentId: 'd1', versionId: 'v1', sessionId: 's1' },
  'run.started': { contentHash: 'c1', engine: 'native', executorId: 'e1', warm: true },
  'node.started': { ...node, component: 'Prompt' },
  'node.skipped': { ...node, component: 'Prompt' },
  'node.completed': { ...node, outputs: { prompt: { text: 'a\u0000' } }, durationMs: 0.5, resumed: false },
  'node.failed': { ...node, error: { ...error, node: nodeId, component: 'Prompt' } },
  'message.added': { messageId, nodeId, role: 'assistant', text: '', state: 'partial', files: [] },
  'message.delta': { messageId, nodeId, text: 'a\u0000' },
  output: { nodeId, type: 'data', displayName: 'Chat Output', content: null },
  log: { nodeId, level: 'warning', text: 'beware' },
  usage: { ...node, call: 1, model: 'gpt-4o-mini', inputTokens: 3, outputTokens: 0 },
  'egress.refused': { host: '10.0.0.1', reason: 'private', count: 2 },
  'run.retried': { failedAttempt: 1, reason: 'its runner ended' },
  'run.cancel_requested': { by: 'key:k1' },
  'run.succeeded': { output, usage },
  'run.failed': { error, usage },
  'run.timed_out': { error, usage },
  'run.cancelled': { confirmed: true, usage },
};

/** What may stand there, or not. */
const MAY: Partial<Record<RunEventType, Record<string, unknown>>> = {
  'node.completed': { blobs: { prompt: blob } },
  'message.added': { blob },
  output: { blob },
};

/** Members that hold whatever a flow makes, nothing included. */
const ANYTHING = ['content'];

describe.each(RUN_EVENT_TYPES)('the data of %s', (type) => {
  const schema = RUN_EVENT_DATA[type];
  const golden = GOLDEN[type];

  it('is taken whole, and nothing is added', () => {
    expect(schema.parse(golden)).toEqual(golden);
    const full = { ...golden, ...MAY[type] };
    expect(schema.parse(full)).toEqual(full);
  });

  it('loses what it does not know', () => {
    expect(schema.parse({ ...golden, secret: 'hunter2' })).toEqual(golden);
  });

  it.each(Object.keys(golden).filter((name) => !ANYTHING.includes(name)))(
    'is refused without %s, or where it is of no type that fits',
    (name) => {
      const { [name]: _gone, ...rest } = golden;
      expect(schema.safeParse(rest).success).toBe(false);
      expect(schema.safeParse({ ...rest, [name]: null }).success).toBe(false);
      expect(schema.safeParse({ ...rest, [name]: [[]] }).success).toBe(name === 'files');
    },
  );
});

describe('what stands within the data of events', () => {
  it.each<[string, RunEventType, object]>([
    ['a count below zero', 'usage', { outputTokens: -1 }],
    ['a count that is not whole', 'usage', { inputTokens: 0.5 }],
    ['an iteration below zero', 'node.started', { iteration: -1 }],
    ['an iteration that no column holds', 'node.completed', { iteration: 2 ** 31 }],
    ['more tokens than a call can take', 'usage', { inputTokens: 1e9 + 1 }],
    ['a call that no column holds', 'usage', { call: 2 ** 31 }],
    ['a node whose id holds a NUL', 'log', { nodeId: 'a\u0000b' }],
    ['a node with an endless id', 'output', { nodeId: 'n'.repeat(201) }],
    ['a component whose name holds a NUL', 'node.started', { component: 'a\u0000b' }],
    ['a model whose name holds a NUL', 'usage', { model: 'a\u0000b' }],
    ['a model with an endless name', 'usage', { model: 'm'.repeat(201) }],
    ['a message whose id is none', 'message.added', { messageId: 'm1' }],
    ['a time that runs backwards', 'node.completed', { durationMs: -1 }],
    ['a role that nobody has', 'message.added', { role: 'robot' }],
    ['a state that there is not', 'message.added', { state: 'half' }],
    ['a level that there is not', 'log', { level: 'loud' }],
    ['half an error', 'node.failed', { error: { code: 'node.failed' } }],
    ['half a sum', 'run.cancelled', { usage: { inputTokens: 1 } }],
    ['a reason that there is not', 'run.succeeded', { output: { ...output, reason: 'luck' } }],
    ['an output without its type', 'run.succeeded', { output: { ...output, outputs: { a: {} } } }],
    ['a reference that names no hash', 'output', { blob: { size: 1 } }],
    ['a reference of no size', 'message.added', { blob: { hash: 'h', size: -1 } }],
  ])('is refused: %s', (_what, type, more) => {
    expect(RUN_EVENT_DATA[type].safeParse({ ...GOLDEN[type], ...more }).success).toBe(false);
  });
});
