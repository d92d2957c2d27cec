import { setTimeout as sleep } from 'node:timers/promises';
import {
  FAILPOINTS,
  type Failpoint,
  type FailpointName,
  type KafkaBroker,
  type RoleProcess,
  type TestCell,
} from '#libs/testing';

export interface StrikesOptions {
  random: () => number;
  maxFrozenMs: number;
}

type Fault = 'kill' | 'freeze';

/** In a storm everybody soon comes everywhere; where not, another point follows. */
const REACH_MS = 10_000;
const MIN_FROZEN_MS = 300;
const POLL_MS = 50;

export const POINTS = Object.keys(FAILPOINTS) as FailpointName[];

/** Kills and freezes the processes of a cell, and its broker, at the failpoints: each has work in hand. */
export class Strikes {
  readonly hits = perPoint(() => 0);
  kills = 0;
  freezes = 0;
  private readonly first: Readonly<Record<FailpointName, number>>;

  constructor(
    private readonly cell: TestCell,
    private readonly broker: KafkaBroker,
    private readonly options: StrikesOptions,
  ) {
    this.first = perPoint(() => Math.round(options.random()));
  }

  get inAll(): number {
    return Object.values(this.hits).reduce((sum, hits) => sum + hits, 0);
  }

  /** Kills and freezes at a point by turns. */
  async at(name: FailpointName): Promise<void> {
    const { role, hits, needs }: Failpoint = FAILPOINTS[name];
    const fault: Fault = (this.hits[name] + this.first[name]) % 2 === 0 ? 'kill' : 'freeze';
    const pointFault = hits === 'broker' ? 'wait' : fault === 'kill' ? 'SIGKILL' : 'SIGSTOP';
    const there = this.cell.of(role);
    await this.areUp(there);
    const arming = there.map((one) => one.arm(name, pointFault));
    const reached = Promise.race([...arming.map(whenTrue), sleep(REACH_MS)]);
    if (needs) await this.provoke(needs);
    await reached;
    for (const one of there) one.disarm();
    const hit = await hitOf(there, arming);
    if (hit.length === 0) return;
    this.hits[name] += 1;
    if (hits === 'broker') await this.hitBroker(fault, hit);
    else if (fault === 'freeze') await this.leaveFrozen(hit);
    this.count(fault, hits === 'broker' ? 1 : hit.length);
  }

  /** Of one that is being started nobody can say when it comes anywhere. */
  private async areUp(processes: readonly RoleProcess[]): Promise<void> {
    const giveUpMs = performance.now() + REACH_MS;
    while (processes.some(({ isEnded }) => isEnded) && performance.now() < giveUpMs) await sleep(POLL_MS);
  }

  private count(fault: Fault, processes: number): void {
    if (fault === 'kill') this.kills += processes;
    else this.freezes += processes;
  }

  private async leaveFrozen(hit: readonly RoleProcess[]): Promise<void> {
    await this.pause();
    for (const one of hit) one.thaw();
  }

  private async hitBroker(fault: Fault, waiting: readonly RoleProcess[]): Promise<void> {
    if (fault === 'kill') await this.broker.kill();
    else this.broker.freeze();
    for (const one of waiting) one.goOn();
    await this.pause();
    if (fault === 'kill') await this.broker.start();
    else this.broker.thaw();
  }

  private pause(): Promise<void> {
    return sleep(MIN_FROZEN_MS + this.options.random() * this.options.maxFrozenMs);
  }

  private async provoke(needed: NonNullable<Failpoint['needs']>): Promise<void> {
    if (needed === 'a leader dies') return void (await (await this.leader())?.kill());
    const executors = this.cell.of('executor').filter(({ isEnded }) => !isEnded);
    const one = executors[Math.floor(this.options.random() * executors.length)];
    // it may be stopped on its way to its end
    void one?.end();
  }

  private async leader(): Promise<RoleProcess | undefined> {
    for (const one of this.cell.of('conductor')) {
      const report = await fetch(`${one.url}/readyz`, { signal: AbortSignal.timeout(1_000) }).catch(
        () => undefined,
      );
      const { degraded } = ((await report?.json()) ?? {}) as { degraded?: string[] };
      if (degraded?.some((sentence) => sentence.includes('stands by')) === false) return one;
    }
    return undefined;
  }
}

function perPoint(first: () => number): Record<FailpointName, number> {
  return Object.fromEntries(POINTS.map((name) => [name, first()])) as Record<FailpointName, number>;
}

function whenTrue(answer: Promise<boolean>): Promise<void> {
  return new Promise((resolve) => void answer.then((isTrue) => isTrue && resolve()));
}

async function hitOf(
  processes: readonly RoleProcess[],
  arming: readonly Promise<boolean>[],
): Promise<RoleProcess[]> {
  const isHit = await Promise.all(arming);
  return processes.filter((_, index) => isHit[index]);
}
