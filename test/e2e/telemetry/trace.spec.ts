import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { projectRoot } from '#libs/config';
import {
  KAFKA_WITHIN_MS,
  OtlpReceiver,
  type ReceivedSpan,
  StubModel,
  TEST_PASSWORDS,
  TestCell,
  withKafka,
} from '#libs/testing';
import { CALLER, deployTraced, runTraced, SECRET, type Traced, unreached } from './traced.ts';

const TELEMETRY = pathToFileURL(
  join(projectRoot(), 'dist', 'libs', 'telemetry', 'src', 'start-telemetry.js'),
).href;

const REQUEST = 'POST /v1/deployments/{ref}/runs';
const CHAT = 'chat gpt-4o-mini';

/** The way of a run, span by span: each with what it is under, or linked to. */
const WAY: [name: string, after: string, service: string][] = [
  ['run.create', REQUEST, 'gateway'],
  ['pg accept_runs', 'run.create', 'gateway'],
  ['send hg.run.touched.v1', 'run.create', 'gateway'],
  ['process hg.run.touched.v1', 'send hg.run.touched.v1', 'conductor'],
  ['run.claim', 'process hg.run.touched.v1', 'conductor'],
  ['pg claim', 'run.claim', 'conductor'],
  ['send hg.executor.command.v1', 'process hg.run.touched.v1', 'conductor'],
  ['process hg.executor.command.v1', 'send hg.executor.command.v1', 'executor'],
  ['run.attempt', 'process hg.executor.command.v1', 'executor'],
  ['runner.start', 'run.attempt', 'executor'],
  ['node.run', 'run.attempt', 'executor'],
  [CHAT, 'node.run', 'executor'],
  ['POST', CHAT, 'executor'],
  ['process hg.run.event.v1', 'run.attempt', 'recorder'],
  ['pg append_events', 'process hg.run.event.v1', 'recorder'],
  ['send hg.run.progress.v1', 'process hg.run.event.v1', 'recorder'],
  ['process hg.run.progress.v1', 'send hg.run.progress.v1', 'gateway'],
];

const RINGS: { name: string; suite: typeof describe; serviceOf: (role: string) => string; start: Start }[] = [
  { name: 'in one process', suite: describe, serviceOf: () => 'unknown', start: startRing },
  {
    name: 'in four processes',
    suite: withKafka(describe) as typeof describe,
    serviceOf: (role) => `headgate-${role}`,
    start: startCell,
  },
];

type Start = (
  receiver: OtlpReceiver,
  model: StubModel,
) => Promise<{ traced: Traced; end(): Promise<unknown> }>;

async function startRing({ env }: OtlpReceiver, { baseUrl }: StubModel): ReturnType<Start> {
  const child: ChildProcess = fork(new URL('ring-process.ts', import.meta.url), [baseUrl], {
    execArgv: ['--import', TELEMETRY],
    env: { ...process.env, NODE_OPTIONS: '', OTEL_SERVICE_NAME: 'unknown', ...env },
  });
  const [traced] = (await once(child, 'message')) as [Traced];
  return {
    traced,
    end: () => {
      child.disconnect();
      return once(child, 'exit');
    },
  };
}

async function startCell({ env }: OtlpReceiver, { baseUrl }: StubModel): ReturnType<Start> {
  const cell = await TestCell.create({ env });
  await cell.startAll();
  return {
    traced: { url: cell.gatewayUrl, ...(await deployTraced(await cell.tenant(), baseUrl)) },
    end: () => cell.dispose(),
  };
}

describe.each(RINGS)('the trace of a run through a ring $name', ({ suite, serviceOf, start }) => {
  suite('tells its way', () => {
    const INPUT = 'what the caller wants to know';
    let receiver: OtlpReceiver;
    let model: StubModel;
    let ring: Awaited<ReturnType<Start>>;
    let spans: ReceivedSpan[];
    beforeAll(async () => {
      receiver = await OtlpReceiver.start();
      model = await new StubModel().start();
      ring = await start(receiver, model);
      // by then all have joined: a lost hint would be made good by asking, which is another way
      await runTraced(ring.traced, INPUT);
      const run = await runTraced(ring.traced, INPUT);
      expect(run.status).toBe('succeeded');
      // whoever ends sends what it has
      await ring.end();
      spans = await receiver.trace(run.id.replaceAll('-', ''), [REQUEST, ...WAY.map(([name]) => name)]);
    }, KAFKA_WITHIN_MS);
    afterAll(async () => {
      await receiver.close();
      await model.stop();
    }, 60_000);

    const named = (name: string) => spans.filter((span) => span.name === name);
    const isAfter = ({ parentId, links }: ReceivedSpan, { spanId }: ReceivedSpan) =>
      parentId === spanId || links.some((link) => link.spanId === spanId);

    it.each(WAY)('has %s after %s', (name, after, role) => {
      const found = named(name).filter((span) => named(after).some((one) => isAfter(span, one)));
      expect(found.map(({ service }) => service)).toContain(serviceOf(role));
    });

    it('is one, from the request over both hops to each node and back', () => {
      expect(unreached(spans, REQUEST)).toEqual([]);
      expect(named('node.run').map(({ attributes }) => attributes['headgate.node.id'])).toEqual([
        'ChatInput-1',
        'Model-1',
        'ChatOutput-1',
      ]);
    });

    it('crosses the bus by links, and an attempt is a root', () => {
      const hops = spans.filter(({ name }) => name.startsWith('process ') || name === 'run.attempt');
      for (const { parentId, links } of hops) expect([parentId, links.length]).toEqual(['', 1]);
    });

    it('names whose request it was, and has what the caller says of a trace as a link', () => {
      const [request] = named(REQUEST);
      expect(request).toMatchObject({
        parentId: '',
        kind: 2,
        links: [CALLER],
        attributes: {
          'http.route': '/v1/deployments/{ref}/runs',
          'http.response.status_code': 200,
          'headgate.organization.id': ring.traced.organizationId,
        },
      });
    });

    it('names the model of a call and counts its tokens', () => {
      expect(named(CHAT).map(({ attributes }) => attributes)).toEqual([
        expect.objectContaining({
          'headgate.node.id': 'Model-1',
          'gen_ai.operation.name': 'chat',
          'gen_ai.request.model': 'gpt-4o-mini',
          'gen_ai.usage.input_tokens': expect.any(Number),
          'gen_ai.usage.output_tokens': expect.any(Number),
        }),
      ]);
    });

    it('tells nothing of what a run is given, makes or may know', () => {
      expect(model.requests.length).toBeGreaterThan(0);
      expect(receiver.faults).toEqual([]);
      const sent = Buffer.concat(receiver.bodies).toString('latin1');
      expect(sent).toContain('node.run');
      const hidden = [SECRET, INPUT, ring.traced.token, ...Object.values(TEST_PASSWORDS)];
      expect(hidden.filter((one) => sent.includes(one))).toEqual([]);
    });
  });
});
