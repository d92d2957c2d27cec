import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPool } from '#libs/database';
import { KafkaBroker, type RoleProcess, TestCell, until } from '#libs/testing';
import { Caller, type CallerRun } from './callers.ts';
import { STORM_FLOWS } from './flows.ts';
import { type History, readHistory } from './history.ts';
import type { Called } from './messages.ts';
import { randomFrom } from './random.ts';
import { each, liveRuns } from './storm.ts';

export interface CellStormOptions {
  seed: number;
  organizations: number;
  callersEach: number;
  seconds: number;
  hurtProcessEachMs: number;
  /** Undefined: the broker is left in peace. */
  hurtBrokerEachMs?: number;
  maxFrozenMs: number;
}

/** What a storm over a cell leaves. */
export interface CellHistory extends History {
  /** Faults that hit a process while runs were alive. */
  kills: number;
  freezes: number;
  /** Processes that ended and that nobody had ended. */
  fallen: string[];
}

const SETTLE_MS = 120_000;
const KEEP_MS = 200;
const NO_COUNTERS = { delivered: 0, written: 0, duplicate: 0, fenced: 0, dead: 0, sentEvents: 0 };

/** Callers call while the processes of a cell and its broker are killed and frozen; then it is left in peace. */
export async function cellStorm(options: CellStormOptions): Promise<CellHistory> {
  const directory = mkdtempSync(join(tmpdir(), 'headgate-storm-'));
  const broker = new KafkaBroker({ directory: join(directory, 'kafka') });
  const brokers = (await broker.start()).split(',');
  const cell = await TestCell.create({ brokers });
  const admin = createPool({ url: cell.databaseUrl, size: 1, name: 'storm' });
  const abandoning = new AbortController();
  try {
    await cell.startAll({ gateway: 2, conductor: 2, recorder: 2, executor: 2 });
    const storm = new CellStorm(cell, broker, options, abandoning.signal);
    await storm.rage();
    await until('every run has ended', async () => (await liveRuns(admin)) === 0, SETTLE_MS);
    const told = { callers: storm.log, counters: NO_COUNTERS, bookPaths: [] };
    const { kills, freezes, fallen } = storm;
    return { ...(await readHistory(cell.databaseUrl, told)), kills, freezes, fallen };
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
  kills = 0;
  freezes = 0;
  private readonly random: () => number;
  /** They are down because we want it, or have not been ready yet. */
  private readonly excused = new Set<RoleProcess>();

  constructor(
    private readonly cell: TestCell,
    private readonly broker: KafkaBroker,
    private readonly options: CellStormOptions,
    private readonly signal: AbortSignal,
  ) {
    this.random = randomFrom(options.seed);
  }

  async rage(): Promise<void> {
    const { seconds, hurtProcessEachMs, hurtBrokerEachMs } = this.options;
    const callers = await this.makeCallers();
    const endMs = performance.now() + seconds * 1_000;
    const isOver = () => this.signal.aborted || performance.now() > endMs;
    let isCalm = false;
    const keeping = each(
      KEEP_MS,
      () => isCalm,
      () => this.keep(),
    );
    await Promise.all([
      ...callers.map(({ caller, called }) => caller.callUntil(isOver, called)),
      each(hurtProcessEachMs, isOver, () => this.hurtProcess()),
      ...(hurtBrokerEachMs === undefined ? [] : [each(hurtBrokerEachMs, isOver, () => this.hurtBroker())]),
    ]);
    isCalm = true;
    await keeping;
    for (const one of this.cell.processes) if (!one.isUp) await one.start();
  }

  /** As whoever keeps processes running does: one that is down is started again. */
  private async keep(): Promise<void> {
    for (const one of this.cell.processes) {
      if (one.isUp || this.excused.has(one)) continue;
      if (!one.wasEnded) this.fallen.push(`${one.role}: ${one.log.slice(-500)}`);
      this.excused.add(one);
      void one
        .start()
        .catch(() => undefined)
        .finally(() => this.excused.delete(one));
    }
  }

  private async hurtProcess(): Promise<void> {
    const { processes } = this.cell;
    const one = processes[Math.floor(this.random() * processes.length)];
    if (!one?.isUp || this.excused.has(one)) return;
    if (this.random() < 0.6) {
      this.kills += 1;
      await one.kill();
      return;
    }
    this.freezes += 1;
    one.freeze();
    await sleep(500 + this.random() * this.options.maxFrozenMs);
    one.thaw();
  }

  private async hurtBroker(): Promise<void> {
    const awayMs = this.random() * this.options.maxFrozenMs;
    if (this.random() < 0.5) {
      this.broker.freeze();
      await sleep(awayMs);
      this.broker.thaw();
      return;
    }
    await this.broker.kill();
    await sleep(awayMs);
    await this.broker.start();
  }

  private async makeCallers(): Promise<{ caller: Caller; called: readonly Called[] }[]> {
    const { organizations, callersEach } = this.options;
    const { random, log, signal } = this;
    const tenants = await Promise.all(
      Array.from({ length: organizations }, async () => {
        const { api, organizationId, deploy } = await this.cell.tenant();
        const called: Called[] = [];
        for (const [flow, { definition }] of Object.entries(STORM_FLOWS))
          called.push({ flow, token: (await deploy(flow, definition)).token });
        return { organizationId, ownerToken: api['token'] ?? '', called };
      }),
    );
    return tenants.flatMap(({ organizationId, called }, index) => {
      const foreignToken = tenants[(index + 1) % tenants.length]?.ownerToken ?? '';
      const caller = () =>
        new Caller({ url: () => this.anyGateway(), organizationId, foreignToken, random, log, signal });
      return Array.from({ length: callersEach }, () => ({ caller: caller(), called }));
    });
  }

  private anyGateway(): string {
    const gateways = this.cell.of('gateway');
    return gateways[Math.floor(this.random() * gateways.length)]?.url ?? '';
  }
}
