import type { History } from './read-history.ts';

/** The same, of what only those know who listen in the middle of a ring. */
export const INNER_RULES = {
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
