import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { contentHash } from '#libs/crypto';
import { DEFAULTS } from '#libs/domain';
import { newId } from '#libs/kernel';
import { Reports } from '../../../../libs/testing/src/reports.ts';
import { StubOrigin } from '../../../../libs/testing/src/stub-origin.ts';
import { until } from '../../../../libs/testing/src/until.ts';
import { LimitExceeded } from './staging.ts';

const LARGE = 'x'.repeat(DEFAULTS.eventInlineBytes);
const USAGE = { inputTokens: 0, outputTokens: 0, totalTokens: 0, computeMs: 0, queueMs: 0, attempts: 1 };
const nodeCompleted = (outputs: Record<string, unknown>) => ({
  nodeId: 'n',
  iteration: 0,
  outputs,
  durationMs: 1,
  resumed: false,
});
const success = (content: string) => ({
  output: {
    text: content,
    source: 'n',
    reason: 'single' as const,
    outputs: { n: { type: 'text', displayName: 'N', content } },
  },
  usage: USAGE,
});

describe('the reporter of large values', () => {
  let store: StubOrigin;
  let reports: Reports;
  beforeAll(async () => {
    store = await StubOrigin.start((response) => response.end());
  });
  afterEach(() => {
    store.requests.length = 0;
    store.answer = (response) => response.end();
  });
  afterAll(() => store.stop());

  const reporting = (maxBytes?: number) => {
    reports = new Reports(`${store.url}/{i}`, maxBytes);
    return reports.reporter;
  };
  const complete = (outputs: Record<string, unknown>) =>
    reports.reporter.report('node.completed', nodeCompleted(outputs), { nodeId: 'n', iteration: 0, outputs });
  const arrived = (count: number) =>
    until(`${count} events`, async () => (await reports.events()).length >= count);

  it('lets no output name a blob that was not uploaded', async () => {
    const { output, usage } = success('small');
    const named = { ...output, outputs: { n: { ...output.outputs.n, blob: { hash: 'h', size: 1 } } } };
    await expect(reporting().endWithOutput({ output: named, usage }, () => undefined)).rejects.toThrow(
      'names a blob',
    );
  });

  it('seals a small state beside its event', async () => {
    reporting();
    complete({ out: 'small' });
    const [event] = await reports.events();
    const sealed = Buffer.from(event?.checkpoint?.sealed ?? '', 'base64');
    expect(reports.open('n', 0, sealed)).toEqual({ out: 'small' });
    expect(store.requests).toEqual([]);
  });

  it('uploads a large value and the state that holds it, and what comes after waits its turn', async () => {
    const gate = Promise.withResolvers<void>();
    store.answer = (response) => void gate.promise.then(() => response.end());
    const reporter = reporting();
    complete({ out: LARGE, few: 'kept' });
    reporter.reportFromRunner('log', { nodeId: 'n', level: 'info', text: 'after' });
    reporter.end('run.cancelled', {}, () => undefined);
    await until('the upload', () => store.requests.length === 1);
    expect(await reports.events()).toEqual([]);
    gate.resolve();
    await arrived(3);
    const events = await reports.events();
    expect(events.map(({ n, type }) => [n, type])).toEqual([
      [1, 'node.completed'],
      [2, 'log'],
      [3, 'run.cancelled'],
    ]);
    const [value, state] = store.requests.map((request) => request.body);
    expect(events[0]?.data).toMatchObject({
      outputs: { few: 'kept' },
      blobs: { out: { hash: contentHash(value ?? ''), size: LARGE.length + 2 } },
    });
    expect(events[0]?.staged).toEqual([{ i: 0, hash: contentHash(value ?? ''), size: LARGE.length + 2 }]);
    expect(events[0]?.checkpoint?.staged?.hash).toBe(contentHash(state ?? ''));
    expect(reports.open('n', 0, state ?? Buffer.alloc(0))).toEqual({ out: LARGE, few: 'kept' });
  });

  it('uploads no secret, only seals it for the next attempt', async () => {
    reporting();
    complete({ out: `sk-secret${LARGE}` });
    await arrived(1);
    const [value, state] = store.requests.map((request) => request.body);
    expect(JSON.parse(String(value))).toBe(`[secret:KEY]${LARGE}`);
    expect(reports.open('n', 0, state ?? Buffer.alloc(0))).toEqual({ out: `sk-secret${LARGE}` });
  });

  it('ends well with its large outputs moved out, without secrets', async () => {
    let isSent = false;
    await reporting().endWithOutput(success(`sk-secret${LARGE}`), () => {
      isSent = true;
    });
    const [event] = await reports.events();
    const [request] = store.requests;
    expect(JSON.parse(String(request?.body))).toBe(`[secret:KEY]${LARGE}`);
    expect(event).toMatchObject({
      type: 'run.succeeded',
      data: {
        output: {
          text: null,
          outputs: { n: { content: null, blob: { hash: contentHash(request?.body ?? '') } } },
        },
      },
      staged: [{ i: 0, hash: contentHash(request?.body ?? '') }],
    });
    expect(isSent).toBe(true);
  });

  it('ends well only after what was said before it', async () => {
    const reporter = reporting();
    complete({ out: LARGE });
    await reporter.endWithOutput(success('small'), () => undefined);
    expect(await reports.types()).toEqual(['node.completed', 'run.succeeded']);
  });

  it('moves nothing out of an output that fits', async () => {
    await reporting().endWithOutput(success('x'.repeat(9_000)), () => undefined);
    expect((await reports.events())[0]?.data).toEqual(success('x'.repeat(9_000)));
    expect(store.requests).toEqual([]);
  });

  it('fails where a run puts out more than it may, before its end and at it', async () => {
    const reporter = reporting(100);
    complete({ out: LARGE });
    await until('the failure', () => reports.failures.length > 0);
    expect(reports.failures).toEqual([expect.any(LimitExceeded)]);
    await expect(reporting(100).endWithOutput(success(LARGE), () => undefined)).rejects.toThrow(
      LimitExceeded,
    );
    reporter.end('run.failed', {}, () => undefined);
    expect(store.requests).toEqual([]);
  });

  it('fails where a value cannot be stored, and says nothing that refers to it', async () => {
    store.answer = (response) => response.writeHead(503).end();
    const reporter = reporting();
    complete({ out: LARGE });
    reporter.reportFromRunner('log', { nodeId: 'n', level: 'info', text: 'after' });
    reporter.end('run.failed', {}, () => undefined);
    await arrived(1);
    expect(await reports.types()).toEqual(['run.failed']);
    expect(String(reports.failures)).toContain('503');
  });

  it('counts what stays within events as put out, the same content once', async () => {
    const reporter = reporting(10_000);
    const say = (text: string) => {
      reporter.reportFromRunner('message.added', {
        messageId: newId(),
        nodeId: 'n',
        role: 'assistant',
        text,
        state: 'complete',
        files: [],
      });
      reporter.reportFromRunner('output', { nodeId: 'n', type: 't', displayName: 'N', content: text });
    };
    for (const letter of ['a', 'b', 'a']) say(letter.repeat(4_000));
    expect(reports.failures).toEqual([]);
    await expect(reporter.endWithOutput(success('c'.repeat(4_000)), () => undefined)).rejects.toThrow(
      LimitExceeded,
    );
    say('d'.repeat(4_000));
    expect(reports.failures).toEqual([expect.any(LimitExceeded)]);
  });

  it.each([
    ['quotes', '"'],
    ['control characters', '\u0001'],
  ])(
    'sends no message larger than the bus takes, of %s and with all that stands beside them',
    async (_what, unit) => {
      reporting(10_000_000);
      const name = unit.repeat(150);
      const outputs: Record<string, unknown> = {};
      for (let i = 0; Buffer.byteLength(JSON.stringify(outputs)) < 65_536 - 1_000; i += 1)
        outputs[`${name}${i}`] = unit.repeat(200);
      for (let count = 0; count < 5; count += 1) complete(outputs);
      const large = Array.from({ length: 150 }, (_, i) => [`${i}`, `${i}`.padEnd(9_000)]);
      complete(Object.fromEntries(large));
      await arrived(6);
      expect(reports.failures).toEqual([]);
      const sizes = reports.bus.batches.flat().map(({ value }) => value.length);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(DEFAULTS.messageBytes);
      expect(Math.max(...sizes)).toBeGreaterThan(DEFAULTS.messageBytes / 2);
    },
  );
});
