import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '#libs/config';
import type { Counters, FromRing, RingOrders, ToRing } from './messages.ts';

/** A ring in a process of its own: started, asked, killed, started again. */
export class RingInProcess {
  private child: ChildProcess | undefined;
  private lives = 0;
  private readonly fallen = Promise.withResolvers<never>();
  url = '';
  isUp = false;

  constructor(private readonly orders: Omit<RingOrders, 'booksPath'>) {
    // whoever works with the ring listens; nobody has to
    this.fallen.promise.catch(() => undefined);
  }

  /** Fails when a ring ends that nobody ended. */
  get hasFallen(): Promise<never> {
    return this.fallen.promise;
  }

  /** The books of all lives, the last one at the end. */
  get bookPaths(): string[] {
    return Array.from({ length: this.lives }, (_, index) => this.bookPath(index + 1));
  }

  async start(): Promise<void> {
    this.lives += 1;
    const { seed, directory } = this.orders;
    const orders: RingOrders = {
      ...this.orders,
      seed: seed + this.lives,
      booksPath: this.bookPath(this.lives),
    };
    this.child = fork(
      join(projectRoot(), 'dist', 'test', 'chaos', 'ring-process.js'),
      [JSON.stringify(orders)],
      // the flags of a test's process are not for it
      { env: { PATH: process.env['PATH'], TMPDIR: directory }, execArgv: ['--no-warnings'] },
    );
    ({ url: this.url } = await this.hear('ready'));
    this.isUp = true;
    this.child.once('exit', (code, signal) => {
      if (this.isUp) this.fallen.reject(new Error(`the ring ended by itself (${code ?? signal})`));
    });
    this.orders.port = Number(new URL(this.url).port);
  }

  tenant(): Promise<Extract<FromRing, { kind: 'tenant' }>> {
    return this.ask('tenant');
  }

  async runners(): Promise<number[]> {
    return (await this.ask('runners')).pids;
  }

  counters(): Promise<Counters> {
    return this.ask('counters');
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    await this.over(() => this.child?.kill('SIGKILL'));
  }

  async end(): Promise<void> {
    await this.over(() => this.tell({ kind: 'end' }));
  }

  private async over(work: () => void): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null) return;
    this.isUp = false;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    work();
    await exited;
  }

  private ask<Kind extends ToRing['kind'] & FromRing['kind']>(
    kind: Kind,
  ): Promise<Extract<FromRing, { kind: Kind }>> {
    const answer = this.hear(kind);
    this.tell({ kind } as ToRing);
    return answer;
  }

  private tell(message: ToRing): void {
    // one that was just killed hears nothing, and says so by its exit
    this.child?.send(message, () => undefined);
  }

  private hear<Kind extends FromRing['kind']>(kind: Kind): Promise<Extract<FromRing, { kind: Kind }>> {
    const { child } = this;
    return new Promise((resolve, reject) => {
      if (!child?.connected) return reject(new Error(`there is no ring to say "${kind}"`));
      const hear = (message: FromRing) => {
        if (message.kind !== kind) return;
        child?.off('message', hear);
        child?.off('exit', ended);
        resolve(message as Extract<FromRing, { kind: Kind }>);
      };
      const ended = () => {
        child?.off('message', hear);
        reject(new Error(`the ring ended before it said "${kind}"`));
      };
      child?.on('message', hear);
      child?.once('exit', ended);
    });
  }

  private bookPath(life: number): string {
    return join(this.orders.directory, `books-${life}.jsonl`);
  }
}
