import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPool, type Pool } from '#libs/database';
import { Turns } from '#libs/kernel';
import { createTestDatabase, DatabaseGate, until } from '#libs/testing';
import { type CallerRun, makeCallers } from './callers.ts';
import { type History, readHistory } from './history.ts';
import type { CalledTenant } from './messages.ts';
import { randomFrom } from './random.ts';
import { RingInProcess } from './ring-in-process.ts';

export interface StormOptions {
  seed: number;
  organizations: number;
  callersEach: number;
  /** It blows at least so long, and until so many runs were accepted and the ring was killed so often. */
  seconds: number;
  runs: number;
  ringKills: number;
  killRingEachMs: number;
  hurtRunnerEachMs: number;
  cutDatabaseEachMs: number;
  maxOutageMs: number;
}

/** How long what is left may take to come to its end. */
const SETTLE_MS = 120_000;
const FROZEN_MS = 1_200;

/** Callers call while everything below them is killed, frozen and cut off again and again; then it is left in peace. */
export async function storm(options: StormOptions): Promise<History> {
  const { seed } = options;
  const databaseUrl = await createTestDatabase();
  const directory = mkdtempSync(join(tmpdir(), 'headgate-storm-'));
  const gate = await DatabaseGate.before(databaseUrl);
  const ring = new RingInProcess({ databaseUrl: gate.url, directory, port: 0, seed });
  const admin = createPool({ url: databaseUrl, size: 1, name: 'storm' });
  const abandoning = new AbortController();
  try {
    await ring.start();
    const callers: CallerRun[] = [];
    await Promise.race([
      rage(ring, gate, admin, { ...options, log: callers, signal: abandoning.signal }),
      ring.hasFallen,
    ]);
    await until('every run has ended', async () => (await liveRuns(admin)) === 0, SETTLE_MS);
    // the copies of events that are still on their way
    await sleep(500);
    const counters = await ring.counters();
    await ring.end();
    return await readHistory(databaseUrl, { callers, counters, bookPaths: ring.bookPaths });
  } finally {
    abandoning.abort();
    await ring.kill();
    await gate.shut();
    await admin.end();
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Raging extends StormOptions {
  log: CallerRun[];
  signal: AbortSignal;
}

async function rage(ring: RingInProcess, gate: DatabaseGate, admin: Pool, options: Raging): Promise<void> {
  const { signal } = options;
  const random = randomFrom(options.seed);
  const tenants: CalledTenant[] = [];
  for (let index = 0; index < options.organizations; index += 1) tenants.push(await ring.tenant());
  const calling = { url: () => ring.url, random, log: options.log, signal };
  const callers = makeCallers(tenants, options.callersEach, calling);
  const endMs = performance.now() + options.seconds * 1000;
  let kills = 0;
  const isEnough = () => kills >= options.ringKills && acceptedIn(options.log) >= options.runs;
  const isOver = () => signal.aborted || (performance.now() > endMs && isEnough());
  // a start that meets an outage ends with a sentence; that is not for a storm to show
  const turns = new Turns(1);
  await Promise.all([
    ...callers.map(({ caller, called }) => caller.callUntil(isOver, called)),
    each(options.killRingEachMs, isOver, async () => {
      await ring.kill();
      await turns.take(async () => {
        if (!signal.aborted) await ring.start();
      });
      kills += 1;
    }),
    each(options.hurtRunnerEachMs, isOver, () => hurtRunner(ring, random)),
    each(options.cutDatabaseEachMs, isOver, () =>
      turns.take(() =>
        random() < 0.5 ? breakConnections(admin) : outage(gate, random() * options.maxOutageMs),
      ),
    ),
  ]);
}

/** Does something again and again, with a pause before each. */
export async function each(pauseMs: number, isOver: () => boolean, work: () => Promise<void>): Promise<void> {
  for (;;) {
    await sleep(pauseMs);
    if (isOver()) return;
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

async function breakConnections(admin: Pool): Promise<void> {
  await admin.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  );
}

async function outage(gate: DatabaseGate, milliseconds: number): Promise<void> {
  await gate.shut();
  await sleep(milliseconds);
  await gate.open();
}

export function acceptedIn(log: readonly CallerRun[]): number {
  return log.filter(({ isAccepted }) => isAccepted).length;
}

export async function liveRuns(admin: Pool): Promise<number> {
  const { rows } = await admin.query<{ count: number }>('select count(*)::integer as count from run_live');
  return rows[0]?.count ?? 0;
}
