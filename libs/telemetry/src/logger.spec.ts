import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '#libs/config';
import { mintToken } from '#libs/crypto';

const LOGGER = join(projectRoot(), 'libs/telemetry/src/logger.ts');

/** What a process says that logs, as its streams are the point. */
async function logging(script: string) {
  const code = `import { createLogger } from ${JSON.stringify(LOGGER)};\n${script}`;
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', code],
    { cwd: projectRoot(), env: {} },
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
});
