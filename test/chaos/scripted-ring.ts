import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EmbeddedBusOptions } from '#libs/bus';
import { TestRing } from '#libs/testing';
import { Books } from './books.ts';
import { makeCalledTenant } from './called-tenant.ts';
import { Caller, type CallerRun, type Wish } from './callers.ts';
import { type History, readHistory } from './history.ts';
import type { CalledTenant } from './messages.ts';

type Fault = NonNullable<EmbeddedBusOptions['fault']>;

const PAUSE_MS = 20;
const GIVE_UP_MS = 2_000;

/** A ring in this process that is called by a script, and whose history is kept as a storm's is. */
export class ScriptedRing {
  private readonly told: CallerRun[] = [];
  private readonly caller: Caller;
  private readonly ending: (() => void)[] = [];

  private constructor(
    readonly ring: TestRing,
    private readonly tenant: CalledTenant,
    stranger: CalledTenant,
    private readonly bookPath: string,
    /** What happens to messages on the bus. */
    readonly bus: { fault: Fault },
  ) {
    const { ownerToken: foreignToken } = stranger;
    const { organizationId } = tenant;
    this.caller = new Caller({
      url: () => ring.url,
      organizationId,
      foreignToken,
      random: Math.random,
      log: this.told,
    });
  }

  static async start(flows: readonly string[]): Promise<ScriptedRing> {
    const directory = mkdtempSync(join(tmpdir(), 'headgate-script-'));
    const bookPath = join(directory, 'books.jsonl');
    const books = new Books(bookPath);
    const bus: { fault: Fault } = { fault: () => ({ copies: 1, delayMs: 0 }) };
    const ring = await TestRing.start({
      directory,
      bus: { fault: books.faults((message) => bus.fault(message)) },
    });
    books.attach(ring);
    const tenant = await makeCalledTenant(ring, flows);
    return new ScriptedRing(ring, tenant, await makeCalledTenant(ring, []), bookPath, bus);
  }

  /** Calls a flow as a program does, to the end of what it wants of the run. */
  async call(flow: string, manner: Wish['manner'], more: Partial<Wish> = {}): Promise<void> {
    const called = this.tenant.called.find((one) => one.flow === flow);
    if (!called) throw new Error(`there is no flow ${flow}`);
    await this.caller.call({ called, manner, isRepeated: false, isSpied: false, ...more });
  }

  /** Lets a body of plpgsql run with each row that is written to a table, with a superuser's rights. */
  async meddle(table: string, when: 'before insert' | 'after insert' | 'before update', body: string) {
    await this.ring.rows(
      `create function meddle() returns trigger language plpgsql security definer as $$ begin ${body} end $$`,
    );
    await this.ring.rows(`create trigger meddle ${when} on ${table} for each row execute function meddle()`);
  }

  /** The history when it is as awaited; else as it is after a while. */
  async history(isAwaited: (history: History) => boolean): Promise<History> {
    const { executor, recorder } = this.ring.standalone;
    const giveUpMs = performance.now() + GIVE_UP_MS;
    for (;;) {
      const history = await readHistory(this.ring.databaseUrl, {
        callers: this.told,
        counters: { ...recorder.counters, sentEvents: executor.outbox.sentEvents },
        bookPaths: [this.bookPath],
      });
      if (isAwaited(history) || performance.now() > giveUpMs) return history;
      await sleep(PAUSE_MS);
    }
  }

  /** What is to be put back when the ring ends. */
  afterwards(work: () => void): void {
    this.ending.push(work);
  }

  dispose(): Promise<void> {
    for (const work of this.ending) work();
    return this.ring.dispose();
  }
}
