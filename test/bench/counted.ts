import pg from 'pg';
import { Runner } from '../../apps/executor/src/runners/runner.ts';

/** What a process has done since it started. */
export interface Counters {
  statements: number;
  commits: number;
  messages: number;
  /** Produce requests; of no account where the bus is none. */
  requests: number;
  /** Since they were last asked for. */
  handOffsMs: number[];
  /** When runners said their first words, on the clock that all processes of a machine share. */
  firstWordsMs: number[];
}

const WRITES = ['accept_runs', 'append_events', 'claim', 'COMMIT', 'commit'];

export function noCounters(): Counters {
  return { statements: 0, commits: 0, messages: 0, requests: 0, handOffsMs: [], firstWordsMs: [] };
}

/** Lists begin anew with each asking. */
export function taken(counters: Counters): Counters {
  const [handOffsMs, firstWordsMs] = [counters.handOffsMs.splice(0), counters.firstWordsMs.splice(0)];
  return { ...counters, handOffsMs, firstWordsMs };
}

export function sharedClockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export function countStatements(counters: Counters): void {
  const query = pg.Client.prototype.query as (...call: unknown[]) => unknown;
  const counted = function (this: pg.Client, ...call: unknown[]) {
    const [first] = call as [string | { name?: string; text?: string }];
    const name = typeof first === 'string' ? first : (first?.name ?? first?.text ?? '');
    counters.statements += 1;
    if (WRITES.includes(name)) counters.commits += 1;
    return query.apply(this, call);
  };
  Object.assign(pg.Client.prototype, { query: counted });
}

export function timeHandOffs(counters: Counters): void {
  const { start } = Runner.prototype;
  Runner.prototype.start = function (what, run) {
    const startedMs = performance.now();
    const frame = run.frame.bind(run);
    run.frame = (first) => {
      counters.handOffsMs.push(performance.now() - startedMs);
      counters.firstWordsMs.push(sharedClockMs());
      run.frame = frame;
      frame(first);
    };
    return start.call(this, what, run);
  };
}
