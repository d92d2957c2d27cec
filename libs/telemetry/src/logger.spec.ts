import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '#libs/config';

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
});
