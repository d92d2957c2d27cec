import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPool } from '#libs/database';
import { type FailpointName, KafkaBroker, type RoleProcess, TestCell, until } from '#libs/testing';
import { makeCalledTenant } from './called-tenant.ts';
import { type CallerRun, makeCallers } from './callers.ts';
import { type History, readHistory } from './history.ts';
import { randomFrom, shuffled } from './random.ts';
import { acceptedIn, each, liveRuns } from './storm.ts';
import { POINTS, Strikes } from './strikes.ts';

export interface CellStormOptions {
  seed: number;
  organizations: number;
  callersEach: number;
  /** It blows at least so long, and until so many runs were accepted and failpoints hit, or each of them so often. */
  seconds: number;
  runs: number;
  hitsInAll?: number;
  hitsOfEach?: number;
  maxFrozenMs: number;
  /** So long the broker is away once, and the database once. */
  outageMs?: number;
  /** The clocks of the machines are wrong by so much, of every second one the other way. */
  clockOffsetMs?: number;
}

/** What a storm over a cell leaves. */
export interface CellHistory extends History {
  /** Of each failpoint, how often it was hit. */
  hits: Strikes['hits'];
  /** Faults at failpoints: they hit a process with work in hand. */
  kills: number;
  freezes: number;
  /** Processes that ended and that nobody had ended. */
  fallen: string[];
}

const SETTLE_MS = 120_000;
const KEEP_MS = 200;
/** One that was hit says so, and its end may be seen first. */
const LAST_WORD_MS = 50;
/** Between two points of a storm somebody is hit wherever it is. */
const ANYWHERE = 0.25;
const NO_COUNTERS = { delivered: 0, written: 0, duplicate: 0, fenced: 0, dead: 0, sentEvents: 0 };

/** Callers call while the processes of a cell and its broker are killed and frozen at the failpoints; then it is left in peace. */
export async function cellStorm(options: CellStormOptions): Promise<CellHistory> {
  const directory = mkdtempSync(join(tmpdir(), 'headgate-storm-'));
  const broker = new KafkaBroker({ directory: join(directory, 'kafka') });
  const brokers = [await broker.start()];
  const cell = await TestCell.create({ brokers, hasGate: true });
  const admin = createPool({ url: cell.databaseUrl, size: 1, name: 'storm' });
  const abandoning = new AbortController();
  try {
    const { clockOffsetMs = 0 } = options;
    await cell.startAll({ gateway: 2, conductor: 2, recorder: 2, executor: 2 }, (_role, index) =>
      index === 0 ? clockOffsetMs : -clockOffsetMs,
    );
    const storm = new CellStorm(cell, broker, options, abandoning.signal);
    await storm.rage();
    await until('every run has ended', async () => (await liveRuns(admin)) === 0, SETTLE_MS);
    const told = { callers: storm.log, counters: NO_COUNTERS, bookPaths: [] };
    const { hits, kills, freezes } = storm.strikes;
    return { ...(await readHistory(cell.databaseUrl, told)), hits, kills, freezes, fallen: storm.fallen };
  } finally {
    abandoning.abort();
    await admin.end();
    await cell.dispose();
    await broker.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

class CellStorm {
  readonly log: CallerRun[] = [];
  readonly fallen: string[] = [];
  readonly strikes: Strikes;
  private readonly random: () => number;
  /** They are being started. */
  private readonly starting = new Set<RoleProcess>();

  constructor(
    private readonly cell: TestCell,
    private readonly broker: KafkaBroker,
    private readonly options: CellStormOptions,
    private readonly signal: AbortSignal,
  ) {
    this.random = randomFrom(options.seed);
    this.strikes = new Strikes(cell, broker, { random: this.random, maxFrozenMs: options.maxFrozenMs });
  }

  async rage(): Promise<void> {
    const { organizations, callersEach } = this.options;
    const { random, log, signal } = this;
    const tenants = await Promise.all(
      Array.from({ length: organizations }, () => makeCalledTenant(this.cell)),
    );
    const url = (notThere?: string) => this.anyGateway(notThere);
    let isOver = false;
    let isCalm = false;
    const keeping = each(
      KEEP_MS,
      () => isCalm,
      () => this.keep(),
    );
    const striking = this.strike().finally(() => {
      isOver = true;
    });
    const callers = makeCallers(tenants, callersEach, { url, random, log, signal });
    await Promise.all([
      striking,
      ...callers.map(({ caller, called }) => caller.callUntil(() => isOver || signal.aborted, called)),
    ]);
    isCalm = true;
    await keeping;
    for (const one of this.cell.processes) if (!one.isUp) await one.start();
  }

  private async strike(): Promise<void> {
    const { seconds, runs, hitsInAll = 0, hitsOfEach = 0, outageMs = 0 } = this.options;
    const endMs = performance.now() + seconds * 1_000;
    const isEnough = () => this.strikes.inAll >= hitsInAll && acceptedIn(this.log) >= runs;
    const isLate = () => performance.now() > endMs && isEnough();
    const isDone = (name: FailpointName) => isLate() && this.strikes.hits[name] >= hitsOfEach;
    const isOver = () => this.signal.aborted || POINTS.every(isDone);
    const outages = outageMs === 0 ? [] : [() => this.losePostgres(outageMs), () => this.loseKafka(outageMs)];
    while (!isOver()) {
      for (const name of shuffled(POINTS, this.random)) {
        if (isDone(name) || this.signal.aborted) continue;
        if (this.random() < ANYWHERE) await this.hurtAnyone();
        await this.strikes.at(name);
      }
      await outages.shift()?.();
    }
  }

  /** As whoever keeps processes running does: one that is down is started again. */
  private async keep(): Promise<void> {
    const down = this.cell.processes.filter((one) => !one.isUp && !this.starting.has(one));
    if (down.length > 0) await sleep(LAST_WORD_MS);
    for (const one of down) {
      if (!one.isEnded) this.fallen.push(`${one.role}: ${one.log.slice(-500)}`);
      this.starting.add(one);
      void one
        .start()
        .catch(() => undefined)
        .finally(() => this.starting.delete(one));
    }
  }

  private async hurtAnyone(): Promise<void> {
    const { processes } = this.cell;
    const one = processes[Math.floor(this.random() * processes.length)];
    if (!one?.isUp || one.isEnded) return;
    if (this.random() < 0.6) return void (await one.kill());
    one.freeze();
    await sleep(this.random() * this.options.maxFrozenMs);
    one.thaw();
  }

  private async loseKafka(milliseconds: number): Promise<void> {
    await this.broker.kill();
    await sleep(milliseconds);
    await this.broker.start();
  }

  private async losePostgres(milliseconds: number): Promise<void> {
    await this.cell.gate?.shut();
    await sleep(milliseconds);
    await this.cell.gate?.open();
  }

  private anyGateway(notThere?: string): string {
    const gateways = this.cell.of('gateway').filter(({ url }) => url !== notThere);
    return gateways[Math.floor(this.random() * gateways.length)]?.url ?? '';
  }
}
