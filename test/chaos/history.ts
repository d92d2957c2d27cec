import pg from 'pg';
import { isTerminalEvent } from '#libs/domain';
import { type LogRow, logFaults } from '#libs/testing';
import { Books, type Entry } from './books.ts';
import type { CallerRun } from './callers.ts';
import { STORM_FLOWS } from './flows.ts';
import type { Counters } from './messages.ts';

interface RunRow {
  id: string;
  organizationId: string;
  key: string | null;
  status: string | null;
  text: string | null;
  errorCode: string | null;
  attempt: number | null;
  lastSeq: number | null;
}

interface EventRow extends LogRow {
  runId: string;
  organizationId: string;
}

/** All that is left of a storm: what callers were told, what the database holds, what the books say. */
export interface History {
  callers: readonly CallerRun[];
  runs: readonly RunRow[];
  events: readonly EventRow[];
  liveRuns: number;
  /** Of each life; the last one ended in peace. */
  books: readonly Entry[][];
  /** Of the last life, when all was still. */
  counters: Counters;
}

export async function readHistory(
  databaseUrl: string,
  told: Pick<History, 'callers' | 'counters'> & { bookPaths: readonly string[] },
): Promise<History> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows: runs } = await client.query<RunRow>(
    `select r.id, r.org_id as "organizationId", i.key, r.status, r.output->>'text' as text, r.error->>'code' as "errorCode",
       r.attempt, r.last_seq as "lastSeq"
     from run r left join idempotency i on i.org_id = r.org_id and i.resource_id = r.id`,
  );
  const { rows: events } = await client.query<EventRow>(
    `select run_id as "runId", org_id as "organizationId", seq, attempt, n, type, at, data::text as data
     from run_event order by run_id, seq`,
  );
  const { rows: live } = await client.query<{ count: number }>(
    'select count(*)::integer as count from run_live',
  );
  await client.end();
  const { callers, counters, bookPaths } = told;
  return { callers, counters, runs, events, liveRuns: live[0]?.count ?? 0, books: bookPaths.map(Books.read) };
}

/** What a history breaks of the promises, one sentence each; each rule by its name. */
export const HISTORY_RULES = {
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
        return run.errorCode === 'run.worker_lost' ? [] : [`${run.id} failed with ${run.errorCode}`];
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
        .filter(({ foreignStatus }) => foreignStatus !== undefined && foreignStatus !== 404)
        .map(({ key, foreignStatus }) => `a stranger was answered ${foreignStatus} for the run of ${key}`),
      ...events
        .filter((event) => owners.get(event.runId) !== event.organizationId)
        .map((event) => `${event.runId}: an event of another organization`),
    ];
  },

  'the counters add up': ({ counters }) => {
    const { delivered, written, duplicate, fenced, dead } = counters;
    const answered = written + duplicate + fenced + dead;
    return delivered === answered ? [] : [`${delivered} events were delivered, and ${answered} answered for`];
  },

  'what was sent and not dropped was answered for': ({ books, counters }) => {
    const last = books.at(-1) ?? [];
    const sent = new Set<string>();
    let count = 0;
    for (const entry of last) {
      if (entry.is !== 'sent') continue;
      count += entry.events.length;
      if (!entry.isDropped) for (const event of entry.events) sent.add(event);
    }
    const answered = new Set(last.flatMap((entry) => (entry.is === 'answered' ? entry.events : [])));
    const missing = [...sent.difference(answered)].map((event) => `nothing became of ${event}`);
    const invented = [...answered.difference(sent)].map((event) => `nobody sent ${event}`);
    const isMiscounted = counters.sentEvents !== count;
    return [
      ...missing,
      ...invented,
      ...(isMiscounted ? [`${count} were sent, and not ${counters.sentEvents}`] : []),
    ];
  },

  'what was written is in the log': ({ books, events }) => {
    const log = new Set(events.map(({ runId, attempt, n }) => `${runId}/${attempt}/${n}`));
    const sent = new Set(books.flat().flatMap((entry) => (entry.is === 'sent' ? entry.events : [])));
    const written = books
      .flat()
      .flatMap((entry) =>
        entry.is === 'answered' ? entry.events.filter((_, index) => entry.outcomes[index] === 'written') : [],
      );
    return [
      ...written.filter((event) => !log.has(event)).map((event) => `${event} was written and is gone`),
      ...events
        .filter(({ n }) => n !== null)
        .map(({ runId, attempt, n }) => `${runId}/${attempt}/${n}`)
        .filter((event) => !sent.has(event))
        .map((event) => `${event} is in the log, and nobody sent it`),
    ];
  },
} as const satisfies Readonly<Record<string, (history: History) => string[]>>;

export type HistoryRule = keyof typeof HISTORY_RULES;

/** Those that ask nobody but the database and the callers. */
export const OUTER_RULES: readonly HistoryRule[] = [
  'what was accepted is there, once',
  'every run has ended',
  'a log is whole and ends once',
  'a completed node is not run again',
  'what a run answers is right',
  'an end that was told stays',
  'a stream is the log',
  'no organization sees another',
];

/** All that a history breaks. */
export function historyFaults(
  history: History,
  rules: readonly HistoryRule[] = Object.keys(HISTORY_RULES) as HistoryRule[],
): string[] {
  return rules.flatMap((rule) => HISTORY_RULES[rule](history));
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
