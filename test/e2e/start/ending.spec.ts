import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ensureKeysFile } from '#libs/crypto';
import { EmbeddedPostgres } from '#libs/database';
import { until } from '#libs/testing';
import { Installation, processes } from './installation.ts';

/** Then the product is a process of its own, with a pipe between it and the scripts. */
const OLDER_NODE = `Object.defineProperty(process,'versions',{value:{...process.versions,node:'22.0.0'}})`;

let installation: Installation;
beforeEach(async () => {
  installation = await Installation.create();
});
afterEach(() => installation.dispose(), 60_000);

const allEnded = () => until('all has ended', () => installation.processes().length === 0);

describe('an installation ends in order', () => {
  it('where its terminal is closed', async () => {
    const started = await installation.start();
    started.child.kill('SIGHUP');
    expect(await started.exited).toBe(0);
    await allEnded();
  }, 60_000);

  it('where the older Node that started it is killed', async () => {
    const started = await installation.start({ pretence: OLDER_NODE });
    started.child.kill('SIGKILL');
    await started.exited;
    await allEnded();
  }, 60_000);
});

describe('an installation whose Postgres is there and answers no more', () => {
  const GRACE_MS = 3_000;
  const SOON_MS = 5_000;
  let postgres: EmbeddedPostgres;
  let databaseUrl: string;
  let home: Installation;
  let frozen: number[] = [];
  beforeAll(async () => {
    home = await Installation.create();
    postgres = new EmbeddedPostgres({ directory: join(home.directory, 'postgres'), isDurable: false });
    databaseUrl = await postgres.start();
  }, 60_000);
  afterEach(() => {
    for (const pid of frozen.splice(0)) process.kill(pid, 'SIGCONT');
  });
  afterAll(async () => {
    await postgres.stop();
    await home.dispose();
  }, 60_000);

  const freeze = () => {
    const file = join(home.directory, 'postgres', 'data', 'postmaster.pid');
    const server = Number.parseInt(readFileSync(file, 'utf8'), 10);
    const backends = processes().filter(({ parent }) => parent === server);
    frozen = [server, ...backends.map(({ pid }) => pid)];
    for (const pid of frozen) process.kill(pid, 'SIGSTOP');
  };
  const startAndFreeze = async (graceMs: number) => {
    const keys = join(home.directory, 'keys.json');
    ensureKeysFile(keys);
    const env = {
      DATABASE_URL: databaseUrl,
      HEADGATE_KEYS_FILE: keys,
      HEADGATE_SHUTDOWN_GRACE_MS: String(graceMs),
    };
    const started = await installation.start({ env });
    freeze();
    return started;
  };

  it('ends within its grace after Ctrl-C', async () => {
    const started = await startAndFreeze(GRACE_MS);
    const askedMs = performance.now();
    expect(await started.interrupt()).toBe(1);
    expect(performance.now() - askedMs).toBeLessThan(GRACE_MS + SOON_MS);
    expect(started.output).toContain('Headgate was ended before it had put all away');
  }, 60_000);

  it('ends at once after a second Ctrl-C', async () => {
    const started = await startAndFreeze(60_000);
    const again = setInterval(() => started.child.kill('SIGINT'), 700).unref();
    const askedMs = performance.now();
    const code = await started.interrupt();
    clearInterval(again);
    expect(code).toBe(1);
    expect(performance.now() - askedMs).toBeLessThan(700 + SOON_MS);
  }, 60_000);
});
