import { describe, expect, it } from '@jest/globals';
import type { ReportedEvent, RunEventsData } from '#libs/contracts';
import { newId } from '#libs/kernel';
import { reported } from '#libs/testing';
import { PoisonedRun, readEvents } from './read-events.ts';

const organizationId = newId();
const message = (...events: ReportedEvent[]): RunEventsData => ({
  runId: newId(),
  attempt: 2,
  executorId: newId(),
  runToken: 'token',
  events,
});
const read = (event: ReportedEvent) => {
  const [one] = readEvents(organizationId, message(event)).events;
  return one;
};
const messageId = newId();
const data = (value: unknown) => ({ data: JSON.stringify(value) });
const said = (state: 'partial' | 'complete', more: object = {}) =>
  data({ messageId, nodeId: 'n', role: 'assistant', text: 'a\0b', state, files: ['f'], ...more });
const ended = (content: string) =>
  `{"output":{"text":null,"source":null,"reason":"none","outputs":{"a":{"type":"","displayName":"","content":${content}}}},
    "usage":{"inputTokens":0,"outputTokens":0,"totalTokens":0,"computeMs":0,"queueMs":0,"attempts":1}}`;

describe('a message of events', () => {
  it('is appended for the attempt that its executor holds, in its order', () => {
    const given = message(reported(4, 'log'), reported(5, 'log'));
    const { runId } = given;
    expect(readEvents(organizationId, given)).toMatchObject({
      organizationId,
      runId,
      attempt: 2,
      from: 'owner',
      events: [{ n: 4 }, { n: 5 }],
    });
  });

  it('keeps the text of an event as it was written', () => {
    const text = '{ "nodeId":"n", "level":"info","text":"\\u0000", "more": 1.0 }';
    expect(read(reported(1, 'log', { data: text }))).toEqual({ n: 1, type: 'log', elapsedMs: 1, data: text });
  });

  it('gives the result of its end, and null for what it has none of', () => {
    const { end } = read(reported(1, 'run.succeeded')) ?? {};
    expect(JSON.parse(end?.output ?? '')).toMatchObject({ text: 'hi' });
    expect(JSON.parse(end?.usage ?? '')).toMatchObject({ attempts: 1 });
    expect(end?.error).toBeNull();
    expect(read(reported(1, 'run.cancelled'))?.end).toMatchObject({ output: null, error: null });
    expect(read(reported(1, 'log'))?.end).toBeUndefined();
  });

  it('gives a message that is complete, with its text as JSON, and none that is not', () => {
    expect(read(reported(1, 'message.added', said('complete')))?.message).toEqual({
      id: messageId,
      nodeId: 'n',
      role: 'assistant',
      text: '"a\\u0000b"',
      files: '["f"]',
      blobHash: null,
    });
    const blob = { hash: 'h', size: 1 };
    expect(read(reported(1, 'message.added', said('complete', { blob })))?.message?.blobHash).toBe('h');
    expect(read(reported(1, 'message.added', said('partial')))?.message).toBeUndefined();
  });

  it('gives the state of a node: what was sealed, or the name of what was uploaded', () => {
    const at = { nodeId: 'n', iteration: 3 };
    const sealed = Buffer.from([0, 255]);
    const inline = { checkpoint: { ...at, sealed: sealed.toString('base64') } };
    expect(read(reported(1, 'log', inline))?.checkpoint).toEqual({ ...at, sealed, blobHash: null });
    const large = { checkpoint: { ...at, staged: { i: 0, hash: 'h', size: 1 } } };
    expect(read(reported(1, 'log', large))?.checkpoint).toEqual({ ...at, sealed: null, blobHash: 'h' });
  });

  it('gives what a call has used', () => {
    const usage = { nodeId: 'n', iteration: 0, call: 1, model: 'm', inputTokens: 2, outputTokens: 3 };
    expect(read(reported(1, 'usage', data(usage)))?.usage).toEqual(usage);
  });

  it.each([
    ['is no JSON', 'log', '{'],
    [
      'is nested deeper than can be written',
      'run.succeeded',
      ended(`${'['.repeat(9_999)}${']'.repeat(9_999)}`),
    ],
    ['does not fit its type', 'log', '{"nodeId":"n","level":"loud","text":""}'],
    [
      'counts below nothing',
      'usage',
      '{"nodeId":"n","iteration":0,"call":0,"model":"m","inputTokens":-1,"outputTokens":0}',
    ],
    [
      'names a model that no column holds',
      'usage',
      '{"nodeId":"n","iteration":0,"call":0,"model":"m\\u0000","inputTokens":1,"outputTokens":0}',
    ],
  ] as const)('is refused where the data %s', (_what, type, text) => {
    expect(() => read(reported(1, type, { data: text }))).toThrow(PoisonedRun);
  });
});
