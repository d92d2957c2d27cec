import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '#libs/config';
import { mintToken } from '#libs/crypto';

const FOLDER = join(projectRoot(), 'libs/telemetry/src');
const LOGGER = join(FOLDER, 'logger.ts');

/** What a process says that logs, as its streams are the point. */
async function logging(script: string, { flags = [] as string[], env = {} } = {}) {
  const code = `import { createLogger } from ${JSON.stringify(LOGGER)};\n${script}`;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [...flags, '--input-type=module', '--eval', code],
    { cwd: projectRoot(), env },
  );
  const lines = stderr.split('\n').filter((line) => line !== '');
  return { stdout, lines: lines.map((line): unknown => JSON.parse(line)) };
}

describe('the log', () => {
  it('is JSON lines on standard error, with a name and a time', async () => {
    const { stdout, lines } = await logging(`
      const log = createLogger('gateway');
      log.info({ run: 'r1' }, 'it began');
      log.debug('not asked for');
      log.error({ err: new Error('it broke', { cause: new Error('the disk') }) }, 'it failed');
    `);
    expect(stdout).toBe('');
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(lines).toEqual([
      { level: 30, time, name: 'gateway', run: 'r1', msg: 'it began' },
      {
        level: 50,
        time,
        name: 'gateway',
        msg: 'it failed',
        err: expect.objectContaining({ stack: expect.stringContaining('the disk') }),
      },
    ]);
  });

  it('says more or less, as it is asked to', async () => {
    const { lines } = await logging(`
      const debug = createLogger('a', 'debug');
      debug.debug('small');
      debug.trace('smaller');
      const silent = createLogger('b', 'silent');
      silent.fatal('nothing');
    `);
    expect(lines).toMatchObject([{ name: 'a', level: 20, msg: 'small' }]);
  });

  it('says nothing that is named like a secret, wherever it stands in a line', async () => {
    const { lines } = await logging(`
      const log = createLogger('gateway');
      const named = { authorization: 'Bearer hunter2', cookie: 'hunter2', 'set-cookie': ['hunter2'], 'x-api-key': 'hunter2' };
      log.info({ token: 'hunter2', password: 'hunter2', secret: 'hunter2', apiKey: 'hunter2', user: 'ann' }, 'flat');
      log.info({ request: { headers: named, url: '/v1' }, 'x-api-key': 'hunter2' }, 'within');
      const refused = Object.assign(new Error('refused'), { response: { headers: named, body: { refreshToken: 'hunter2' } } });
      log.error({ err: refused }, 'at an error');
      log.child({ accessToken: 'hunter2' }).info({ runToken: 'hunter2', passwordHash: 'hunter2' }, 'of a child');
    `);
    expect(lines).toHaveLength(4);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
    expect(lines[0]).toMatchObject({ token: '[redacted]', user: 'ann' });
    expect(lines[1]).toMatchObject({ request: { url: '/v1' } });
  });

  it('says nothing that has the form of a token, in messages, stacks and fields of any name', async () => {
    const [key, refresh] = [mintToken('flow').text, mintToken('refresh').text];
    const jwt = `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.${'c-_'.repeat(10)}`;
    const { lines } = await logging(`
      const log = createLogger('gateway');
      log.info('the key ${key} came, and ${refresh}\\n${key}');
      log.error({ err: new Error('not ${key}', { cause: new Error('${jwt}') }), note: ['${refresh}'] }, 'it failed');
      log.error(new Error('Bearer ${jwt}'));
    `);
    expect(lines).toHaveLength(3);
    for (const secret of [key, refresh, jwt]) expect(JSON.stringify(lines)).not.toContain(secret);
    expect(lines[0]).toMatchObject({ msg: 'the key [redacted] came, and [redacted]\n[redacted]' });
    expect(lines[1]).toMatchObject({
      note: ['[redacted]'],
      err: { message: expect.stringContaining('not [redacted]') },
    });
  });

  it('says of which trace and run a line is, where there is telemetry', async () => {
    const script = `
      import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
      import { forRun } from ${JSON.stringify(join(FOLDER, 'run-scope.ts'))};
      const log = createLogger('gateway');
      log.info('outside');
      const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 };
      context.with(forRun(trace.setSpanContext(ROOT_CONTEXT, span), 'r1'), async () => {
        await new Promise(setImmediate);
        log.info('within');
      });`;
    const flags = ['--no-warnings', '--import', pathToFileURL(join(FOLDER, 'start-telemetry.ts')).href];
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
    const outside = { level: 30, time: expect.any(String), name: 'gateway', msg: 'outside' };
    const told = { traceId: '0af7651916cd43dd8448eb211c80319c', runId: 'r1' };
    expect((await logging(script, { flags, env })).lines).toEqual([
      outside,
      { ...outside, ...told, msg: 'within' },
    ]);
    expect((await logging(script)).lines).toEqual([outside, { ...outside, msg: 'within' }]);
  });
});
