import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPool, type Pool } from '#libs/database';
import { createTestDatabase, until } from '#libs/testing';
import { Caller, type CallerRun } from './callers.ts';
import { type History, readHistory } from './history.ts';
import { randomFrom } from './random.ts';
import { RingInProcess } from './ring-in-process.ts';

export interface StormOptions {
  seed: number;
  seconds: number;
  organizations: number;
  callersEach: number;
  killRingEachMs: number;
  hurtRunnerEachMs: number;
  cutDatabaseEachMs: number;
}

/** How long what is left may take to come to its end. */
const SETTLE_MS = 60_000;
const FROZEN_MS = 1_200;

/** Callers call while everything below them is killed, frozen and cut off again and again; then it is left in peace. */
export async function storm(options: StormOptions): Promise<History> {
  const { seed, seconds } = options;
  const databaseUrl = await createTestDatabase();
  const directory = mkdtempSync(join(tmpdir(), 'headgate-storm-'));
  const random = randomFrom(seed);
  const ring = new RingInProcess({ databaseUrl, directory, port: 0, seed });
  const admin = createPool({ url: databaseUrl, size: 1, name: 'storm' });
  try {
    await ring.start();
    const callers: CallerRun[] = [];
    const endMs = performance.now() + seconds * 1000;
    const calling = startCallers(await tenants(ring, options), ring, options, random, callers, endMs);
    const raging = Promise.all([
      calling,
      each(options.killRingEachMs, endMs, async () => {
        await ring.kill();
        await ring.start();
      }),
      each(options.hurtRunnerEachMs, endMs, () => hurtRunner(ring, random)),
      each(options.cutDatabaseEachMs, endMs, async () => {
        // a start that meets an outage ends with a sentence; that is not for a storm to show
        if (ring.isUp) await cutDatabase(admin);
      }),
    ]);
    await Promise.race([raging, ring.hasFallen]);
    await until('every run has ended', async () => (await liveRuns(admin)) === 0, SETTLE_MS);
    // the copies of events that are still on their way
    await sleep(500);
    const counters = await ring.counters();
    await ring.end();
    return await readHistory(databaseUrl, { callers, counters, bookPaths: ring.bookPaths });
  } finally {
    await ring.kill();
    await admin.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

type Tenants = Awaited<ReturnType<RingInProcess['tenant']>>[];

async function tenants(ring: RingInProcess, { organizations }: StormOptions): Promise<Tenants> {
  const made: Tenants = [];
  for (let index = 0; index < organizations; index += 1) made.push(await ring.tenant());
  return made;
}

async function startCallers(
  made: Tenants,
  ring: RingInProcess,
  { callersEach }: StormOptions,
  random: () => number,
  log: CallerRun[],
  endMs: number,
): Promise<void> {
  const callers = made.flatMap(({ organizationId, called }, index) => {
    const stranger = made[(index + 1) % made.length];
    const foreignToken = stranger?.called[0]?.token ?? '';
    const options = { url: () => ring.url, organizationId, called, foreignToken, random, log };
    return Array.from({ length: callersEach }, () => new Caller(options));
  });
  await Promise.all(callers.map((caller) => caller.callUntil(endMs)));
}

async function each(pauseMs: number, endMs: number, work: () => Promise<void>): Promise<void> {
  for (;;) {
    await sleep(pauseMs);
    if (performance.now() > endMs) return;
    await work();
  }
}

async function hurtRunner(ring: RingInProcess, random: () => number): Promise<void> {
  // the ring may just be dead
  const pids = await ring.runners().catch(() => []);
  const pid = pids[Math.floor(random() * pids.length)];
  if (pid === undefined) return;
  if (random() < 0.6) return signal(pid, 'SIGKILL');
  signal(pid, 'SIGSTOP');
  await sleep(FROZEN_MS);
  signal(pid, 'SIGCONT');
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it has ended by itself
  }
}

async function cutDatabase(admin: Pool): Promise<void> {
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  );
}

async function liveRuns(admin: Pool): Promise<number> {
  const { rows } = await admin.query<{ count: number }>('select count(*)::integer as count from run_live');
  return rows[0]?.count ?? 0;
}
