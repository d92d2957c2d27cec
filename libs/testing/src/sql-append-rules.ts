import type { Append, AppendEvent } from '#libs/runs';
import { attemptEvents, executorEvent, outsideEvent } from './sql-events.ts';
import { logFaults } from './sql-log.ts';
import type { APPEND_MUTANTS } from './sql-mutants.ts';
import type { RunRef, SqlRuns } from './sql-runs.ts';

/** Whether a rule holds, tried by the smallest fault that breaks it where the rule is missing. */
export type AppendRule = (runs: SqlRuns) => Promise<boolean>;

const owned = (ref: RunRef, events: AppendEvent[], attempt = 1): Append => ({
  ...ref,
  attempt,
  from: 'owner',
  events,
});
const outside = (ref: RunRef, from: Append['from'], type: AppendEvent['type'], attempt = 1): Append => ({
  ...ref,
  attempt,
  from,
  retry: { failures: 1, delayMs: 0 },
  events: [outsideEvent(type)],
});
const chunk = (from: number, to: number) => attemptEvents(to).slice(from - 1);

async function lostAttempt(runs: SqlRuns): Promise<RunRef> {
  const ref = await runs.assigned();
  await runs.append('hg_conductor', outside(ref, 'attempt', 'run.retried'));
  return ref;
}

async function isWhole(runs: SqlRuns, ref: RunRef, length: number): Promise<boolean> {
  const log = await runs.log(ref);
  return log.length === length && logFaults(log).length === 0;
}

/** Two write at once: the second waits for the first, and then sees what it did. */
async function atOnce(
  runs: SqlRuns,
  first: [Parameters<SqlRuns['open']>[0], Append],
  second: [Parameters<SqlRuns['open']>[0], Append],
): Promise<string[]> {
  const open = await runs.open(first[0], [first[1]]);
  const outcomes = runs.outcomes(...second);
  // its failure is looked at below
  outcomes.catch(() => undefined);
  await runs.blocked();
  await open.commit();
  return outcomes;
}

const isOnly = (outcomes: readonly string[], outcome: string) => outcomes.every((one) => one === outcome);

/** The rule that each mutant has lost. */
export const APPEND_RULES: Record<keyof typeof APPEND_MUTANTS, AppendRule> = {
  'seq from the log': async (runs) => {
    const ref = await runs.assigned();
    const cancel = outside(ref, 'live', 'run.cancel_requested');
    const outcomes = await atOnce(runs, ['hg_recorder', owned(ref, chunk(1, 2))], ['hg_gateway', cancel]);
    return isOnly(outcomes, 'written') && isWhole(runs, ref, 4);
  },
  'no lock': async (runs) => {
    const ref = await runs.assigned();
    const retry = outside(ref, 'attempt', 'run.retried');
    const outcomes = await atOnce(runs, ['hg_conductor', retry], ['hg_recorder', owned(ref, chunk(1, 2))]);
    return isOnly(outcomes, 'fenced') && isWhole(runs, ref, 2);
  },
  'no attempt of the owner': async (runs) => {
    const ref = await lostAttempt(runs);
    await runs.claim(ref);
    return isOnly(await runs.outcomes('hg_recorder', owned(ref, chunk(1, 1))), 'fenced');
  },
  'no state of the owner': async (runs) => {
    const ref = await lostAttempt(runs);
    return isOnly(await runs.outcomes('hg_recorder', owned(ref, chunk(1, 1))), 'fenced');
  },
  'open though broken': async (runs) => {
    const ref = await runs.assigned();
    await runs.append('hg_recorder', owned(ref, chunk(2, 2)));
    return isOnly(await runs.outcomes('hg_recorder', owned(ref, chunk(1, 2))), 'fenced');
  },
  'no attempt that is taken away': async (runs) => {
    const ref = await lostAttempt(runs);
    await runs.claim(ref);
    return isOnly(await runs.outcomes('hg_conductor', outside(ref, 'attempt', 'run.failed')), 'fenced');
  },
  'no state of what is taken away': async (runs) => {
    const ref = await lostAttempt(runs);
    await runs.append('hg_conductor', outside(ref, 'attempt', 'run.retried'));
    return (await runs.live(ref))?.failures === 1;
  },
  'no attempt in the queue': async (runs) => {
    const ref = await lostAttempt(runs);
    return isOnly(await runs.outcomes('hg_conductor', outside(ref, 'queued', 'run.timed_out', 0)), 'fenced');
  },
  'no state in the queue': async (runs) => {
    const ref = await runs.assigned();
    return isOnly(await runs.outcomes('hg_conductor', outside(ref, 'queued', 'run.timed_out')), 'fenced');
  },
  'cancel again': async (runs) => {
    const ref = await runs.assigned();
    const cancel = outside(ref, 'live', 'run.cancel_requested');
    await runs.append('hg_gateway', cancel);
    return isOnly(await runs.outcomes('hg_gateway', cancel), 'fenced');
  },
  'no dedupe': async (runs) => {
    const ref = await runs.assigned();
    await runs.append('hg_recorder', owned(ref, chunk(1, 2)));
    await runs.append('hg_recorder', owned(ref, chunk(1, 3)));
    return isWhole(runs, ref, 4);
  },
  'over holes': async (runs) => {
    const ref = await runs.assigned();
    await runs.append('hg_recorder', owned(ref, chunk(2, 2)));
    return isWhole(runs, ref, 1);
  },
  'holes do not break': async (runs) => {
    const ref = await runs.assigned();
    await runs.append('hg_recorder', owned(ref, [...chunk(1, 1), ...chunk(3, 3)]));
    return (await runs.live(ref))?.broken === true;
  },
  'anybody appends': async (runs) => {
    const ref = await runs.assigned();
    try {
      await runs.append('hg_conductor', outside(ref, 'attempt', 'run.succeeded'));
      return false;
    } catch (cause) {
      return (cause as { code?: string }).code === '42501';
    }
  },
  'usage behind the fence': async (runs) => {
    const ref = await lostAttempt(runs);
    const usage = { nodeId: 'n', iteration: 0, call: 1, model: 'm', inputTokens: 1, outputTokens: 1 };
    await runs.append('hg_recorder', owned(ref, [executorEvent(1, 'usage', { usage })]));
    return (await runs.count('usage_entry', ref)) === 1;
  },
  'checkpoints without a fence': async (runs) => {
    const ref = await lostAttempt(runs);
    await runs.append(
      'hg_recorder',
      owned(ref, [executorEvent(1, 'node.completed', { checkpoint: CHECKPOINT })]),
    );
    return (await runs.count('run_checkpoint', ref)) === 0;
  },
  'messages without a fence': async (runs) => {
    const ref = await lostAttempt(runs);
    const message = { id: ref.runId, nodeId: 'n', role: 'ai', text: '"t"', files: '[]', blobHash: null };
    await runs.append('hg_recorder', owned(ref, [executorEvent(1, 'message.added', { message })]));
    return (await runs.count('message', ref)) === 0;
  },
  'checkpoints stay': async (runs) => {
    const ref = await runs.assigned();
    await runs.append(
      'hg_recorder',
      owned(ref, [executorEvent(1, 'node.completed', { checkpoint: CHECKPOINT })]),
    );
    await runs.append('hg_recorder', owned(ref, [executorEvent(2, 'run.succeeded')]));
    return (await runs.count('run_checkpoint', ref)) === 0;
  },
};

const CHECKPOINT = { nodeId: 'n', iteration: 0, sealed: Buffer.from('sealed'), blobHash: null };
