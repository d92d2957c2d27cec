import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { executorEvent, outsideEvent, type RunRef, SqlRuns, withMutant } from '#libs/testing';
import type { RunEventType } from './run-event-type.ts';
import { isTerminal, RUN_MOVES, type RunState, TERMINAL_STATES } from './run-state.ts';

type Append = Parameters<SqlRuns['append']>[1];
type Writer = 'conductor' | 'recorder';
type Write = (runs: SqlRuns, ref: RunRef) => Promise<unknown>;

const STATES = Object.keys(RUN_MOVES) as RunState[]; // the keys are its type
const LIVE = STATES.filter((state) => !isTerminal(state));

/** Nothing writes this move until a flow can ask a person. */
const NOT_YET = 'running → waiting by the recorder';

const written =
  (by: Writer, from: Append['from'], type: RunEventType): Write =>
  async (runs, ref) => {
    const live = await runs.live(ref);
    const event = by === 'conductor' ? outsideEvent(type) : executorEvent((live?.last_n ?? 0) + 1, type);
    const append: Append = { ...ref, attempt: live?.attempt ?? 1, from, events: [event] };
    if (type === 'run.retried') append.retry = { failures: 1, delayMs: 0 };
    return runs.append(`hg_${by}`, append);
  };

/** All that the two writers ever ask of the database. Nobody asks it to fail a run that no executor has. */
const WRITES: Record<Writer, Write[]> = {
  conductor: [
    (runs, ref) => runs.claim(ref).catch(() => 'not to be had'),
    written('conductor', 'attempt', 'run.retried'),
    written('conductor', 'waiting', 'run.retried'),
    written('conductor', 'attempt', 'run.failed'),
    ...(['attempt', 'queued', 'waiting'] as const).flatMap((from) => [
      written('conductor', from, 'run.cancelled'),
      written('conductor', from, 'run.timed_out'),
    ]),
  ],
  recorder: [
    written('recorder', 'owner', 'run.started'),
    ...TERMINAL_STATES.map((state) => written('recorder', 'owner', `run.${state}`)),
  ],
};

describe("the moves of a run's state in the database", () => {
  let runs: SqlRuns;
  beforeAll(async () => {
    runs = await SqlRuns.create();
  });
  afterAll(() => runs.dispose());

  /** A run in a state, with an attempt that it had or has: what comes late for it fits in all but the state. */
  async function runIn(state: RunState): Promise<RunRef> {
    const ref = await runs.assigned();
    if (state === 'queued') await written('conductor', 'attempt', 'run.retried')(runs, ref);
    if (state === 'running' || state === 'waiting')
      await written('recorder', 'owner', 'run.started')(runs, ref);
    if (state === 'waiting')
      await runs.database.rows(`update run_live set status = 'waiting' where run_id = $1`, [ref.runId]);
    if (isTerminal(state)) await written('recorder', 'owner', `run.${state}`)(runs, ref);
    return ref;
  }

  const stateOf = async (ref: RunRef) => (await runs.live(ref))?.status ?? (await runs.row(ref)).status;

  async function movesFrom(states: readonly RunState[]): Promise<string[]> {
    const tries = states.flatMap((from) =>
      (['conductor', 'recorder'] as const).flatMap((by) => WRITES[by].map((write) => ({ from, by, write }))),
    );
    const moves = await Promise.all(
      tries.map(async ({ from, by, write }) => {
        const ref = await runIn(from);
        expect(await stateOf(ref)).toBe(from);
        await write(runs, ref);
        const to = await stateOf(ref);
        return to === from ? [] : [`${from} → ${to} by the ${by}`];
      }),
    );
    return [...new Set(moves.flat())].sort();
  }

  const tabled = LIVE.flatMap((from) =>
    Object.entries<Writer | 'both'>(RUN_MOVES[from]).flatMap(([to, who]) =>
      (who === 'both' ? ['conductor', 'recorder'] : [who]).map((by) => `${from} → ${to} by the ${by}`),
    ),
  );

  it('are those of the table, by the same writers, and no others', async () => {
    expect(await movesFrom(LIVE)).toEqual(tabled.filter((move) => move !== NOT_YET).sort());
  });

  it('lead out of no state that is final', async () => {
    expect(await movesFrom(TERMINAL_STATES)).toEqual([]);
  });

  it('are missed where the database makes one more than the table', async () => {
    const states = `when 'owner' then l.attempt = u.attempt and l.status in ('assigned', 'running')`;
    const mutation = [[states, states.replace(`'running'`, `'running', 'queued'`)]] as const;
    const moves = await withMutant(runs.database, 'append_events', mutation, () => movesFrom(['queued']));
    expect(moves.filter((move) => !tabled.includes(move))).toContain('queued → running by the recorder');
  });
});
