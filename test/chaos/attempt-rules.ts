import { groupBy } from './group-by.ts';
import type { EventRow, History, RunRow } from './read-history.ts';

interface EventData {
  nodeId?: string;
  iteration?: number;
  resumed?: boolean;
  outputs?: unknown;
  failedAttempt?: number;
  contentHash?: string;
  output?: { text?: string } | null;
}

type Row = Omit<EventRow, 'data'> & { data: EventData };

/** Rules of the attempts of a run, each read from its log. */
export const ATTEMPT_RULES = {
  'an attempt is over when the next one begins': eachRun((run, log) => {
    let over = 0;
    const completed = new Map<string, string>();
    const faults: string[] = [];
    for (const { seq, attempt, n, type, data } of log) {
      if (type === 'run.retried') over = Math.max(over, data.failedAttempt ?? 0);
      // what others write of a run is of no attempt
      else if (n !== null && attempt <= over)
        faults.push(`${type} at ${seq} is of attempt ${attempt}, which was over`);
      if (type !== 'node.completed') continue;
      const node = `${data.nodeId} (${data.iteration})`;
      const outputs = JSON.stringify(data.outputs);
      if (data.resumed && completed.get(node) !== outputs)
        faults.push(`${node} is taken up at ${seq} and was never so`);
      completed.set(node, outputs);
    }
    const last = log.at(-1);
    if (last?.attempt !== run.attempt)
      faults.push(`its end is of attempt ${last?.attempt}, and not ${run.attempt}`);
    if (last?.type === 'run.succeeded' && (last.data.output?.text ?? null) !== run.text)
      faults.push('its result is not that of its end');
    return faults;
  }),

  'a cancelled run gets no further attempt': (history: History) => {
    const cancelled = new Set(history.callers.flatMap((one) => (one.isCancelAccepted ? [one.key] : [])));
    return eachRun((run, log) => {
      const at = log.findIndex(({ type }) => type === 'run.cancel_requested');
      const wasOver = log.at(-1)?.type !== 'run.cancelled';
      if (at < 0)
        return cancelled.has(run.key ?? '') && !wasOver
          ? ['its cancel was taken, and is not in its log']
          : [];
      const before = log.slice(0, at);
      const latest = before.at(-1)?.attempt ?? 0;
      const isQueued = before.at(-1)?.type === 'run.queued' || before.at(-1)?.type === 'run.retried';
      // one that was claimed just before may say so after
      const allowed = isQueued ? latest + 1 : latest;
      return log
        .slice(at)
        .filter(({ attempt }) => attempt > allowed)
        .map(({ type, attempt }) => `${type} is of attempt ${attempt}, and it was cancelled in ${latest}`);
    })(history);
  },

  'what comes again has no effect': eachRun((run, log) => {
    const seen = new Set<string>();
    const faults: string[] = [];
    const once = (what: string) => {
      if (seen.has(what)) faults.push(`${what} is there again`);
      seen.add(what);
    };
    for (const { attempt, n, type, data } of log) {
      if (n !== null) once(`event ${n} of attempt ${attempt}`);
      if (type === 'run.started') once(`the start of attempt ${attempt}`);
      if (type === 'node.started' || type === 'node.completed')
        once(`${type} of ${data.nodeId} (${data.iteration}) in attempt ${attempt}`);
    }
    const retried = log.filter(({ type }) => type === 'run.retried').length;
    const attempts = run.attempt ?? 0;
    if (attempts !== retried && attempts !== retried + 1)
      faults.push(`it has ${attempts} attempts, ${retried} of them retried`);
    return faults;
  }),

  'a run runs its version': eachRun(({ contentHash }, log) =>
    log
      .filter(({ type, data }) => type === 'run.started' && data.contentHash !== contentHash)
      .map(({ attempt }) => `attempt ${attempt} ran another version than ${contentHash}`),
  ),
} as const satisfies Readonly<Record<string, (history: History) => string[]>>;

function eachRun(faultsOf: (run: RunRow, log: readonly Row[]) => string[]): (history: History) => string[] {
  return ({ runs, events }) => {
    const logs = groupBy(events, ({ runId }) => runId);
    return runs.flatMap((run) => {
      const log = (logs.get(run.id) ?? []).map((row) => ({
        ...row,
        data: JSON.parse(row.data) as EventData,
      }));
      return faultsOf(run, log).map((fault) => `${run.id}: ${fault}`);
    });
  };
}
