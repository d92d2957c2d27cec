import { isTerminalEvent } from '#libs/domain';
import { logFaults } from '#libs/testing';
import { STORM_FLOWS } from './flows.ts';
import { groupBy } from './group-by.ts';
import type { History } from './read-history.ts';

/** There is no such run, or in a long storm: one's access has expired. */
const UNSEEN: readonly number[] = [404, 401];

/** What a history breaks of the promises, one sentence each; each rule by its name. They ask nobody but the database and the callers. */
export const OUTER_RULES = {
  'what was accepted is there, once': ({ callers, runs }) => {
    const byKey = groupBy(runs, (run) => run.key);
    const asked = new Set(callers.map(({ key }) => key));
    const faults = callers.flatMap(({ key, isAccepted, runIds }) => {
      const made = byKey.get(key) ?? [];
      if (made.length > 1) return [`the key ${key} made ${made.length} runs`];
      if (isAccepted && (made.length === 0 || runIds.size !== 1 || !runIds.has(made[0]?.id ?? '')))
        return [`the accepted run of the key ${key} is not the one that is there`];
      return [];
    });
    // one that was made twice, and told once
    const unasked = runs.filter(({ key }) => key === null || !asked.has(key));
    return [...faults, ...unasked.map(({ id }) => `nobody asked for ${id}`)];
  },

  'every run has ended': ({ runs, liveRuns }) => [
    ...(liveRuns > 0 ? [`${liveRuns} runs are still alive`] : []),
    ...runs.filter((run) => run.status === null).map((run) => `${run.id} has no end`),
  ],

  'a log is whole and ends once': ({ runs, events }) => {
    const logs = groupBy(events, (event) => event.runId);
    return runs.flatMap((run) => {
      const log = logs.get(run.id) ?? [];
      const last = log.at(-1);
      const faults = logFaults(log).map((fault) => `${run.id}: ${fault}`);
      if (!last || !isTerminalEvent(last.type)) faults.push(`${run.id}: its log has no end`);
      else if (last.type !== `run.${run.status}`)
        faults.push(`${run.id}: ${last.type}, and yet ${run.status}`);
      if (run.status !== null && run.lastSeq !== log.length) faults.push(`${run.id}: its last seq is wrong`);
      return faults;
    });
  },

  'a completed node is not run again': ({ events }) => {
    const completed = new Set<string>();
    return events.flatMap(({ runId, type, data }) => {
      if (type !== 'node.started' && type !== 'node.completed') return [];
      const { nodeId, iteration, resumed } = JSON.parse(data) as {
        nodeId: string;
        iteration: number;
        resumed?: boolean;
      };
      const name = `${runId}: ${nodeId} (${iteration})`;
      if (type === 'node.started') return completed.has(name) ? [`${name} was run again`] : [];
      if (!resumed) completed.add(name);
      return [];
    });
  },

  'what a run answers is right': ({ callers, runs }) => {
    const byKey = new Map(runs.map((run) => [run.key, run]));
    return callers.flatMap(({ key, flow, input, isCancelAccepted }) => {
      const run = byKey.get(key);
      if (!run) return [];
      if (run.status === 'cancelled') return isCancelAccepted ? [] : [`${run.id} was cancelled by nobody`];
      if (run.status === 'failed')
        return run.errorCode === 'run.worker_lost'
          ? []
          : [`${run.id} failed with ${run.errorCode}: ${run.errorDetail}`];
      const expected = flow === 'large' ? null : STORM_FLOWS[flow]?.answer(input);
      return run.text === expected ? [] : [`${run.id} answered ${run.text} to ${input}`];
    });
  },

  'an end that was told stays': ({ callers, runs }) => {
    const byKey = new Map(runs.map((run) => [run.key, run]));
    return callers.flatMap(({ key, flow, waited }) => {
      const run = byKey.get(key);
      if (!waited || !run) return [];
      const isSame = waited.status === run.status && (flow === 'large' || waited.text === run.text);
      return isSame ? [] : [`${run.id} was told as ${waited.status}, and is ${run.status}`];
    });
  },

  'a stream is the log': ({ callers, events }) => {
    const logs = groupBy(events, (event) => event.runId);
    return callers.flatMap(({ streamed, runIds }) => {
      const [runId = ''] = runIds;
      if (!streamed) return [];
      const log = (logs.get(runId) ?? []).map(
        ({ seq, attempt, type, at, data }) =>
          `{"seq":${seq},"attempt":${attempt},"type":"${type}","at":"${at.toISOString()}","data":${data}}`,
      );
      const isSame =
        log.length === streamed.length && log.every((text, index) => text === streamed[index]?.text);
      return isSame
        ? []
        : [`the stream of ${runId} gave ${streamed.length} events of ${log.length}, or others`];
    });
  },

  'no organization sees another': ({ callers, runs, events }) => {
    const owners = new Map(runs.map((run) => [run.id, run.organizationId]));
    return [
      ...callers
        .filter(({ foreignStatus }) => foreignStatus !== undefined && !UNSEEN.includes(foreignStatus))
        .map(({ key, foreignStatus }) => `a stranger was answered ${foreignStatus} for the run of ${key}`),
      ...events
        .filter((event) => owners.get(event.runId) !== event.organizationId)
        .map((event) => `${event.runId}: an event of another organization`),
    ];
  },
} as const satisfies Readonly<Record<string, (history: History) => string[]>>;
