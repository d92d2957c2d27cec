import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { isAlive } from '#libs/kernel';
import { until } from '../../testing/src/until.ts';
import { ProcessDriver } from './process-driver.ts';
import type { Sandbox, SandboxProgram } from './sandbox-driver.ts';

/** In the child: says a frame, and answers each frame that it is sent. */
const SPEAK = `
  const say = (frame) => {
    const json = Buffer.from(JSON.stringify(frame));
    const header = Buffer.alloc(4);
    header.writeUInt32BE(json.length);
    process.stdout.write(Buffer.concat([header, json]));
  };`;

let root: string;
let driver: ProcessDriver;
const started: Sandbox[] = [];
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'headgate-sandbox-'));
  mkdirSync(join(root, 'inside'));
  writeFileSync(join(root, 'inside', 'allowed.txt'), 'allowed');
  writeFileSync(join(root, 'outside.txt'), 'outside');
  driver = new ProcessDriver();
});
afterEach(() => {
  for (const sandbox of started.splice(0)) sandbox.kill();
});
afterAll(async () => {
  await driver.close();
  rmSync(root, { recursive: true, force: true });
});

/** Runs a script behind the driver's walls and gathers what it says. */
function start(script: string, more: Partial<SandboxProgram> = {}) {
  const entry = join(root, 'inside', `script-${started.length}-${Math.random()}.mjs`);
  writeFileSync(entry, `${SPEAK}\n${script}`);
  const frames: unknown[] = [];
  const exits: string[] = [];
  const sandbox = driver.start(
    { entry, readable: [join(root, 'inside', '*')], memoryMiB: 64, maxFrameBytes: 1_000_000, ...more },
    { frame: (frame) => frames.push(frame), exit: (reason) => exits.push(reason) },
  );
  started.push(sandbox);
  return {
    sandbox,
    frames,
    exits,
    first: () => until('a first frame', () => frames.length > 0 && { frame: frames[0] }),
    ended: () => until('its end', () => exits[0]),
  };
}

const attempt = (work: string) => `
  try { ${work}; say('done'); } catch (error) { say(error.code); }`;

describe('a process of the driver', () => {
  it('has an empty environment and no folder of ours to stand in', async () => {
    process.env['HEADGATE_TEST_SECRET'] = 'not for a runner';
    const { first } = start('say({ names: Object.keys(process.env), folder: process.cwd() });');
    expect((await first()).frame).toEqual({ names: [], folder: '/' });
    delete process.env['HEADGATE_TEST_SECRET'];
  });

  it('has the heap that it was given', async () => {
    const limitOf = async (memoryMiB: number) => {
      const script = `say((await import('node:v8')).getHeapStatistics().heap_size_limit);`;
      return Number((await start(script, { memoryMiB }).first()).frame);
    };
    // beside the old space, which is what is limited, stands a young one whose size is V8's own affair
    expect((await limitOf(100)) - (await limitOf(40))).toBe(60 * 1024 * 1024);
  });

  it('reads the files that it was given', async () => {
    const { first } = start(
      `import { readFileSync } from 'node:fs';
       say(readFileSync(new URL('allowed.txt', import.meta.url), 'utf8'));`,
    );
    expect((await first()).frame).toBe('allowed');
  });

  it.each([
    [
      'read another file',
      `(await import('node:fs')).readFileSync(new URL('../outside.txt', import.meta.url))`,
    ],
    ['read a file of the system', `(await import('node:fs')).readFileSync('/etc/passwd')`],
    ['list a folder', `(await import('node:fs')).readdirSync('/')`],
    ['import from elsewhere', `await import(new URL('../outside.mjs', import.meta.url))`],
    [
      'write beside itself',
      `(await import('node:fs')).writeFileSync(new URL('new.txt', import.meta.url), '')`,
    ],
    ['start a process', `(await import('node:child_process')).spawnSync('/bin/true')`],
    ['start a thread', `new (await import('node:worker_threads')).Worker('1', { eval: true })`],
  ])('cannot %s', async (_what, work) => {
    writeFileSync(join(root, 'outside.mjs'), '');
    const { first } = start(attempt(work));
    expect((await first()).frame).toBe('ERR_ACCESS_DENIED');
  });

  it('is spoken to in frames, whole and in order', async () => {
    const { sandbox, frames } = start(`
      let bytes = Buffer.alloc(0);
      process.stdin.on('data', (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
        while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE()) {
          const end = 4 + bytes.readUInt32BE();
          say({ echo: JSON.parse(bytes.subarray(4, end).toString()) });
          bytes = bytes.subarray(end);
        }
      });`);
    const sent = Array.from({ length: 50 }, (_, index) => ({ index, text: 'é'.repeat(index * 100) }));
    for (const frame of sent) sandbox.send(frame);
    await until('all answers', () => frames.length === sent.length);
    expect(frames).toEqual(sent.map((frame) => ({ echo: frame })));
  });

  it('is not listened to while it is paused', async () => {
    const { sandbox, frames, first } = start('let n = 0; setInterval(() => say((n += 1)), 2);');
    await first();
    sandbox.pause();
    const heard = frames.length;
    await sleep(100);
    expect(frames).toHaveLength(heard);
    sandbox.resume();
    await until('it is heard again', () => frames.length > heard + 20);
    expect(frames.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });
});

describe('the end of a process of the driver', () => {
  it('comes by kill, even when it is busy, and is told once', async () => {
    const { sandbox, first, exits, ended } = start('say("busy"); setTimeout(() => { for (;;); }, 1);');
    await first();
    sandbox.kill();
    expect(await ended()).toBe('it ended with SIGKILL');
    expect(isAlive(sandbox.pid)).toBe(false);
    sandbox.kill();
    sandbox.send('too late');
    await sleep(50);
    expect(exits).toHaveLength(1);
  });

  it.each([
    ['ends by itself', 'process.exit(3)', 'it ended with 3'],
    ['throws', 'throw new Error("no")', 'it ended with 1'],
    ['crashes', 'process.abort()', 'it ended with SIGABRT'],
  ])('is told with its reason when it %s', async (_what, script, reason) => {
    expect(await start(script).ended()).toBe(reason);
  });

  it('is told when there is no such program', async () => {
    const { ended } = start('', { entry: join(root, 'inside', 'none.mjs') });
    expect(await ended()).toBe('it ended with 1');
  });

  it('comes when it says what is not a frame, after what it said before', async () => {
    const { ended, frames } = start(
      `say('a frame'); process.stdout.write('not a frame'); setInterval(() => undefined, 1_000);`,
    );
    expect(await ended()).toBe('it ended with SIGKILL');
    expect(frames).toEqual(['a frame']);
  });

  it('comes when it says more at once than it may', async () => {
    const { ended, frames } = start(`say('x'.repeat(2_000)); setInterval(() => undefined, 1_000);`, {
      maxFrameBytes: 1_000,
    });
    expect(await ended()).toBe('it ended with SIGKILL');
    expect(frames).toEqual([]);
  });
});
