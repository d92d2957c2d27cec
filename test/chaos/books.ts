import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import type { EmbeddedBusOptions } from '#libs/bus';
import { type BusMessage, RunEvents, TOPICS } from '#libs/contracts';
import type { TestRing } from '#libs/testing';

type Fault = NonNullable<EmbeddedBusOptions['fault']>;

/** One line of a life's books: what executors sent, and what the recorder answered for. */
export type Entry =
  | { is: 'sent'; events: string[]; isDropped: boolean }
  | { is: 'answered'; events: string[]; outcomes: string[] };

/** Keeps the books of one life of a ring in a file, so that they outlive it. */
export class Books {
  constructor(private readonly path: string) {
    // a life may end before it has anything to enter
    writeFileSync(path, '');
  }

  /** A bus's faults, written down where they meet events. */
  faults(fault: Fault): Fault {
    return (message) => {
      const done = fault(message);
      if (message.topic === TOPICS.runEvent)
        this.enter({ is: 'sent', events: namesIn(message), isDropped: done.copies === 0 });
      return done;
    };
  }

  /** Listens to what becomes of events in the recorder. */
  attach(ring: TestRing): void {
    const store = ring.standalone.recorder['store'];
    const append = store.append.bind(store);
    store.append = async (appends, positions) => {
      const results = await append(appends, positions);
      appends.forEach(({ runId, attempt, events }, index) => {
        const numbered = events.map((event, at) => ({ n: event.n, outcome: results[index]?.[at]?.outcome }));
        const own = numbered.filter(({ n }) => n !== null);
        this.enter({
          is: 'answered',
          events: own.map(({ n }) => `${runId}/${attempt}/${n}`),
          outcomes: own.map(({ outcome }) => outcome ?? 'none'),
        });
      });
      return results;
    };
  }

  private enter(entry: Entry): void {
    // at once: the process may be killed in a moment
    appendFileSync(this.path, `${JSON.stringify(entry)}\n`);
  }

  static read(path: string): Entry[] {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => JSON.parse(line) as Entry);
  }
}

function namesIn(message: BusMessage): string[] {
  const { runId, attempt, events } = RunEvents.decode(message.value).data;
  return events.map(({ n }) => `${runId}/${attempt}/${n}`);
}
