import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { KAFKA_WITHIN_MS, StubModel, type Tenant, TestCell, TestRing, until, withKafka } from '#libs/testing';
import type { RunView } from '../gateway/world.ts';
import { deployTraced, SECRET } from './traced.ts';

type UsedRun = RunView & { usage: { inputTokens: number; outputTokens: number } };

interface SpanView {
  id: string;
  parentId: string | null;
  attempt: number;
  kind: string;
  name: string;
  startedMs: number;
  durationMs: number;
  status: string;
  attributes: Record<string, unknown>;
}

interface TraceView {
  runId: string;
  traceId: string;
  status: string;
  attempt: number;
  queueMs: number | null;
  placementMs: number | null;
  coldStartMs: number | null;
  nodeMs: number;
  modelMs: number;
  toolMs: number;
  droppedSpans: number;
  omittedAttempts: number;
  data: SpanView[];
}

const RINGS: { name: string; suite: typeof describe; start: Start }[] = [
  { name: 'in one process', suite: describe, start: startRing },
  { name: 'in four processes', suite: withKafka(describe) as typeof describe, start: startCell },
];

type Start = () => Promise<{ tenant: Tenant; dispose(): Promise<void> }>;

async function startRing(): ReturnType<Start> {
  const ring = await TestRing.start({ egressAllow: '127.0.0.1' });
  return { tenant: await ring.tenant(), dispose: () => ring.dispose() };
}

async function startCell(): ReturnType<Start> {
  const cell = await TestCell.create();
  await cell.startAll();
  return { tenant: await cell.tenant(), dispose: () => cell.dispose() };
}

const endOf = ({ startedMs, durationMs }: SpanView) => startedMs + durationMs;

/** The view of a run's trace, once its root has come. */
function traceOf({ api }: Tenant, runId: string): Promise<TraceView> {
  return until('the trace is there', async () => {
    const { body } = await api.get<TraceView>(`/v1/runs/${runId}/trace`);
    return body.data.some(({ kind }) => kind === 'attempt') ? body : undefined;
  });
}

describe.each(RINGS)('the trace view of a run through a ring $name', ({ suite, start }) => {
  suite('tells where its time went', () => {
    const model = new StubModel();
    let ring: Awaited<ReturnType<Start>>;
    let run: UsedRun;
    let trace: TraceView;
    beforeAll(async () => {
      await model.start();
      ring = await start();
      await deployTraced(ring.tenant, model.baseUrl);
      const path = '/v1/deployments/chat/runs?wait=20';
      run = (await ring.tenant.api.post<UsedRun>(path, { input: 'what the caller says SLOW40' })).body;
      trace = await traceOf(ring.tenant, run.id);
    }, KAFKA_WITHIN_MS);
    afterAll(async () => {
      await ring.dispose();
      await model.stop();
    }, 60_000);

    const ofKind = (kind: string) => trace.data.filter((span) => span.kind === kind);
    const above = ({ parentId }: SpanView) => trace.data.find(({ id }) => id === parentId);

    it('has its attempt, the start of its runner, each node, the call of the model and its request', () => {
      expect(trace.data.map(({ name, status }) => [name, status])).toEqual([
        ['run.attempt', 'ok'],
        ['runner.start', 'ok'],
        ['node.run', 'ok'],
        ['node.run', 'ok'],
        ['chat gpt-4o-mini', 'ok'],
        ['POST', 'ok'],
        ['node.run', 'ok'],
      ]);
      expect(ofKind('node').map(({ attributes }) => attributes['headgate.node.id'])).toEqual([
        'ChatInput-1',
        'Model-1',
        'ChatOutput-1',
      ]);
    });

    it('has each within what it is a part of, in place and in time', () => {
      const names = trace.data.map((span) => [span.kind, above(span)?.kind]);
      expect(names).toEqual([
        ['attempt', undefined],
        ['start', 'attempt'],
        ['node', 'attempt'],
        ['node', 'attempt'],
        ['model', 'node'],
        ['http', 'model'],
        ['node', 'attempt'],
      ]);
      const rounding = 0.002;
      for (const span of trace.data) {
        const outer = above(span) ?? span;
        expect(span.startedMs).toBeGreaterThanOrEqual(outer.startedMs - rounding);
        expect(endOf(span)).toBeLessThanOrEqual(endOf(outer) + rounding);
      }
    });

    it('has times that add up', () => {
      const [attempt, started] = trace.data;
      const { queueMs, placementMs, coldStartMs, nodeMs, modelMs, toolMs } = trace;
      const queuedAndPlaced = Number(queueMs) + Number(placementMs);
      expect(attempt?.startedMs).toBeCloseTo(queuedAndPlaced, 2);
      expect(coldStartMs).toBe(started?.durationMs);
      expect(ofKind('http')[0]?.durationMs).toBeGreaterThanOrEqual(39);
      expect(modelMs).toBeGreaterThanOrEqual(Number(ofKind('http')[0]?.durationMs));
      expect(nodeMs).toBeGreaterThanOrEqual(modelMs);
      expect(toolMs).toBe(0);
      expect(Number(coldStartMs) + nodeMs).toBeLessThanOrEqual(Number(attempt?.durationMs) + 0.01);
      const wholeMs = Date.parse(String(run.finishedAt)) - Date.parse(run.createdAt);
      // the end of an attempt is the bus's word that it has the last event
      expect(Number(queueMs)).toBeLessThanOrEqual(wholeMs + 1);
      for (const ms of [queueMs, placementMs, coldStartMs]) expect(ms).toBeGreaterThanOrEqual(0);
    });

    it('names the model and counts its tokens, and of a request its host and answer', () => {
      expect(ofKind('model')[0]?.attributes).toEqual({
        'headgate.node.id': 'Model-1',
        'headgate.node.iteration': 0,
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openai',
        'gen_ai.request.model': 'gpt-4o-mini',
        'gen_ai.usage.input_tokens': run.usage.inputTokens,
        'gen_ai.usage.output_tokens': run.usage.outputTokens,
      });
      expect(ofKind('http')[0]?.attributes).toEqual({
        'headgate.node.id': 'Model-1',
        'http.request.method': 'POST',
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(model.origin).port),
        'http.response.status_code': 200,
      });
    });

    it('is the trace of that run, whole, and tells nothing of what was said', () => {
      expect(trace).toMatchObject({
        runId: run.id,
        traceId: run.id.replaceAll('-', ''),
        status: 'succeeded',
        attempt: 1,
        droppedSpans: 0,
        omittedAttempts: 0,
      });
      const text = JSON.stringify(trace);
      for (const hidden of [SECRET, 'what the caller says', '/v1/chat']) expect(text).not.toContain(hidden);
    });

    it('shows a call that failed, with the answer of the origin', async () => {
      const path = '/v1/deployments/chat/runs?wait=20';
      const { body } = await ring.tenant.api.post<RunView>(path, { input: 'FAIL401' });
      const failed = await traceOf(ring.tenant, body.id);
      const statuses = failed.data.map(({ kind, status }) => [kind, status]);
      expect(statuses).toEqual([
        ['attempt', 'error'],
        ['start', 'ok'],
        ['node', 'ok'],
        ['node', 'error'],
        ['model', 'error'],
        ['http', 'error'],
      ]);
      expect(failed.data.at(-1)?.attributes['http.response.status_code']).toBe(401);
    }, 30_000);
  });
});
