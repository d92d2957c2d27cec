import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '../../testing/src/until.ts';
import { ProcessDriver } from './process-driver.ts';

const MiB = 1024 * 1024;
const FRAME = 'x'.repeat(MiB);

describe('a process of the driver that does not read', () => {
  let root: string;
  let driver: ProcessDriver;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'headgate-unread-'));
    driver = new ProcessDriver();
  });
  afterAll(async () => {
    await driver.close();
    rmSync(root, { recursive: true, force: true });
  });

  const start = (script: string) => {
    const entry = join(root, `${Math.random()}.mjs`);
    writeFileSync(entry, `setInterval(() => undefined, 1_000);${script}`);
    const exits: string[] = [];
    const program = { entry, readable: [join(root, '*')], memoryMiB: 64, maxFrameBytes: 4 * MiB };
    const sandbox = driver.start(program, { frame: () => undefined, exit: (reason) => exits.push(reason) });
    return { sandbox, exits };
  };

  it('is ended once it lets more lie than one frame may hold', async () => {
    const { sandbox, exits } = start('');
    for (let count = 0; count < 5; count += 1) sandbox.send(FRAME);
    await new Promise(setImmediate);
    expect(exits).toEqual([]);
    sandbox.send(FRAME);
    expect(await until('its end', () => exits[0])).toBe('it ended with SIGKILL');
  });

  it('is waited for until it reads, one sender after another', async () => {
    const { sandbox, exits } = start('process.stdin.resume();');
    let sent = 0;
    const senders = Array.from({ length: 40 }, async () => {
      await sandbox.whenDrained();
      sent += 1;
      sandbox.send(FRAME);
    });
    expect(sent).toBe(0);
    await Promise.all(senders);
    await sandbox.whenDrained();
    expect(exits).toEqual([]);
    sandbox.kill();
  });

  it('is waited for no longer when it is gone', async () => {
    const { sandbox } = start('');
    for (let count = 0; count < 3; count += 1) sandbox.send(FRAME);
    const waiting = [sandbox.whenDrained(), sandbox.whenDrained()];
    sandbox.kill();
    expect(await Promise.all(waiting)).toHaveLength(2);
  });
});
