import { describe, expect, it } from '@jest/globals';
import type { RunError } from '#libs/contracts';
import { DEFAULTS } from '#libs/domain';
import { AppError, newId, problemOf } from '#libs/kernel';
import { Reports } from '../../../../libs/testing/src/reports.ts';
import { BadEvent } from './bad-event.ts';

const log = (text: string) => ({ nodeId: 'n', level: 'info', text });
const failure = (detail: string) => problemOf(new AppError('node.failed', { detail })) as RunError;
const messageId = newId();
const delta = (text: string) => ({ messageId, nodeId: 'n', text });
const USAGE = { inputTokens: 0, outputTokens: 0, totalTokens: 0, computeMs: 0, queueMs: 0, attempts: 1 };

describe('the reporter of an attempt', () => {
  it('numbers its events from one without a gap, with the time since it began, which never runs back', async () => {
    const reports = new Reports('http://nowhere/{i}');
    for (let count = 0; count < 5; count += 1) {
      reports.reporter.reportFromRunner('log', log(`${count}`));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const events = await reports.events();
    expect(events.map(({ n }) => n)).toEqual([1, 2, 3, 4, 5]);
    const times = events.map(({ elapsedMs }) => elapsedMs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.every((time) => Number.isInteger(time))).toBe(true);
    expect(times.at(-1)).toBeGreaterThan(times[0] ?? Number.NaN);
  });

  it('takes secrets out of what is said', async () => {
    const reports = new Reports('http://nowhere/{i}');
    reports.reporter.reportFromRunner('log', log('the key is "sk-secret"'));
    reports.reporter.reportFromRunner('message.delta', delta('sk-sec'));
    reports.reporter.reportFromRunner('message.delta', delta('ret'));
    reports.reporter.end('run.failed', { error: failure('sk-secret') }, () => undefined);
    expect((await reports.events()).map(({ data }) => data)).toEqual([
      log('the key is "[secret:KEY]"'),
      delta('[secret:KEY]'),
      { error: failure('[secret:KEY]') },
    ]);
  });

  it('says what is left of a message before what follows it', async () => {
    const reports = new Reports('http://nowhere/{i}');
    for (const text of ['a ', 'b']) reports.reporter.reportFromRunner('message.delta', delta(text));
    reports.reporter.reportFromRunner('log', log('x'));
    for (const text of ['c', 'd']) reports.reporter.reportFromRunner('message.delta', delta(text));
    reports.reporter.end('run.cancelled', {}, () => undefined);
    const said = (await reports.events()).map(({ type, data }) => (type === 'message.delta' ? data : type));
    expect(said.slice(0, 3)).toEqual([delta('a '), delta('b'), 'log']);
    expect(said.at(-1)).toBe('run.cancelled');
    expect(
      said
        .slice(3, -1)
        .map((one) => (one as { text: string }).text)
        .join(''),
    ).toBe('cd');
  });

  it('drops what a runner adds to an event that is not in its schema', async () => {
    const reports = new Reports('http://nowhere/{i}');
    reports.reporter.reportFromRunner('log', { ...log('x'), orgId: 'another' });
    expect((await reports.events())[0]?.data).toEqual(log('x'));
  });

  it('keeps a NUL, which is data', async () => {
    const reports = new Reports('http://nowhere/{i}');
    reports.reporter.reportFromRunner('log', log('a\u0000b'));
    expect((await reports.events())[0]?.data).toEqual(log('a\u0000b'));
  });

  it.each<[string, Parameters<Reports['reporter']['reportFromRunner']>]>([
    ['does not fit its schema', ['log', { nodeId: 'n', level: 'loud', text: '' }]],
    [
      'names a blob, which only an upload may',
      ['output', { nodeId: 'n', type: 't', displayName: 'N', content: null, blob: { hash: 'h', size: 1 } }],
    ],
    ['holds half a character', ['log', log('x\ud800')]],
    ['holds half a character in a delta', ['message.delta', delta('x\ud800')]],
    [
      'is nested too deep',
      [
        'output',
        { nodeId: 'n', type: 't', displayName: 'N', content: JSON.parse('['.repeat(256) + ']'.repeat(256)) },
      ],
    ],
    [
      'is too large and has nothing that can be moved out',
      ['log', log('x'.repeat(DEFAULTS.eventInlineBytes))],
    ],
  ])('says once that an event %s, and nothing more but the end', async (_what, [type, data]) => {
    const reports = new Reports('http://nowhere/{i}');
    reports.reporter.reportFromRunner('log', log('before'));
    reports.reporter.reportFromRunner(type, data);
    await new Promise(setImmediate);
    reports.reporter.reportFromRunner(type, data);
    reports.reporter.reportFromRunner('log', log('after'));
    reports.reporter.end('run.failed', {}, () => undefined);
    await new Promise(setImmediate);
    expect(reports.failures).toEqual([expect.any(BadEvent)]);
    expect(await reports.types()).toEqual(['log', 'run.failed']);
  });

  it('ends once, and says nothing after it', async () => {
    const reports = new Reports('http://nowhere/{i}');
    let sent = 0;
    reports.reporter.end('run.cancelled', {}, () => {
      sent += 1;
    });
    reports.reporter.end('run.failed', {}, () => undefined);
    reports.reporter.reportFromRunner('log', log('late'));
    expect(sent).toBe(0);
    expect(await reports.types()).toEqual(['run.cancelled']);
    expect(sent).toBe(1);
  });

  it('does not end well where something before the end could not be recorded', async () => {
    const reports = new Reports('http://nowhere/{i}');
    reports.reporter.reportFromRunner('log', log('x\ud800'));
    const output = { text: null, source: null, reason: 'none' as const, outputs: {} };
    const ended = reports.reporter.endWithOutput({ output, usage: USAGE }, () => undefined);
    await expect(ended).rejects.toThrow(BadEvent);
    expect(await reports.types()).toEqual([]);
  });

  it.each<[string, Partial<RunError>]>([
    ['too long', { node: 'x'.repeat(DEFAULTS.eventInlineBytes) }],
    ['too long once secrets are out of it', { detail: 'sk-secret'.repeat(DEFAULTS.eventInlineBytes / 11) }],
    ['half a character', { component: '\ud800' }],
  ])('ends with the code alone where what its error says is %s', async (_what, more) => {
    const reports = new Reports('http://nowhere/{i}');
    reports.reporter.end(
      'run.failed',
      { error: { ...failure('no'), ...more }, usage: USAGE },
      () => undefined,
    );
    const error = failure('What the run said of its end cannot be recorded.');
    expect((await reports.events()).map(({ data }) => data)).toEqual([{ error, usage: USAGE }]);
  });

  it('takes no success whose output is not one', async () => {
    const reports = new Reports('http://nowhere/{i}');
    for (const output of [null, 'text', { text: null }, { outputs: { n: null } }]) {
      const ended = reports.reporter.endWithOutput({ output, usage: USAGE }, () => undefined);
      await expect(ended).rejects.toThrow('the output does not fit its schema');
    }
  });
});
