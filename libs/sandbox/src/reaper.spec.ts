import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../testing/src/until.ts';
import { Reaper } from './reaper.ts';

const BUSY = 'for (;;);';
const IDLE = 'process.stdin.resume();';

let folder: string;
const left: number[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-reaper-'));
});
afterEach(() => {
  for (const pid of left.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A zombie whose new parent does not ask for it is not alive. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}

function sleeper(): ChildProcess & { pid: number } {
  const child = spawn('/bin/sleep', ['100'], { stdio: 'ignore' });
  const { pid } = child;
  if (pid === undefined) throw new Error('there is no sleep');
  left.push(pid);
  return Object.assign(child, { pid });
}

/** A process that starts children behind the driver; it says their ids and its reaper's, and ends only by being killed. */
async function parentOf(scripts: readonly string[]) {
  const entries = scripts.map((script, index) => {
    const entry = join(folder, `child-${index}.mjs`);
    writeFileSync(entry, script);
    return entry;
  });
  const main = `
    const { ProcessDriver } = await import(${JSON.stringify(join(import.meta.dirname, 'process-driver.ts'))});
    const driver = new ProcessDriver();
    for (const entry of ${JSON.stringify(entries)}) {
      const program = { entry, readable: [${JSON.stringify(join(folder, '*'))}], memoryMiB: 64, maxFrameBytes: 1000 };
      const { pid } = driver.start(program, { frame() {}, exit() {} });
      process.stdout.write(pid + ' ');
    }
    process.stdout.write('\\n');
    let reaper;
    setInterval(() => {
      const now = driver.reaper.shell?.pid;
      if (now !== undefined && now !== reaper) process.stdout.write((reaper = now) + '\\n');
    }, 5);`;
  const parent = spawn(
    process.execPath,
    ['--no-warnings', '--experimental-transform-types', '--input-type=module', '-e', main],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  parent.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const pid = parent.pid ?? -1;
  left.push(pid);
  const line = (at: number) =>
    until(`line ${at} of the parent`, () => {
      const lines = said.split('\n');
      return lines.length > at + 1 && lines[at]?.trim().split(' ').map(Number);
    });
  const children = await line(0);
  left.push(...children);
  /** The first reaper, and the next ones that were started in its place. */
  const reaper = async (at: number) => (await line(at + 1))[0] ?? -1;
  return { pid, children, reaper };
}

const gone = (pids: readonly number[]) => until('all are gone', () => !pids.some(isAlive));

describe('the death of a supervisor', () => {
  it('leaves no child alive, busy or idle, and no reaper', async () => {
    const { pid, children, reaper } = await parentOf([BUSY, IDLE, BUSY]);
    const first = await reaper(0);
    expect(children).toHaveLength(3);
    expect([...children, first].every(isAlive)).toBe(true);
    process.kill(pid, 'SIGKILL');
    await gone([pid, ...children, first]);
  });

  it('ends an idle child by its pipe alone', async () => {
    const { pid, children, reaper } = await parentOf([IDLE]);
    const first = await reaper(0);
    process.kill(pid, 'SIGSTOP');
    process.kill(first, 'SIGKILL');
    await gone([first]);
    process.kill(pid, 'SIGKILL');
    await gone(children);
  });

  it('leaves no child alive even when its reaper had been killed before', async () => {
    const { pid, children, reaper } = await parentOf([BUSY]);
    process.kill(await reaper(0), 'SIGKILL');
    const second = await reaper(1);
    process.kill(pid, 'SIGKILL');
    await gone([...children, second]);
  });
});

describe('the reaper', () => {
  it('kills what it watches when it is closed, and leaves alone what had ended before', async () => {
    const reaper = new Reaper();
    const [first, ended, last] = [sleeper(), sleeper(), sleeper()];
    for (const child of [first, ended, last]) reaper.watch(child);
    // its id may be another process's by now
    ended.emit('exit', 0, null);
    reaper.close();
    await gone([first.pid, last.pid]);
    await sleep(50);
    expect(isAlive(ended.pid)).toBe(true);
  });
});
