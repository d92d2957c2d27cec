import { type Bus, type Delivery, DONE, type Outcome, oneByOne, type Reading, readMessage } from '#libs/bus';
import {
  Assignment,
  commandPartition,
  type Envelope,
  ExecutorCommand,
  type ExecutorCommandData,
  TOPICS,
} from '#libs/contracts';
import { fetchGranted } from '../blobs/granted-blobs.ts';
import { AssignedRun, type ExecutorParts } from './assigned-run.ts';
import type { AttemptKey, Attempts, DoneOutcome } from './attempts.ts';
import type { ConductorRoad } from './conductor-road.ts';
import { HopDelay } from './hop-delay.ts';

export interface CommandConsumerOptions extends ExecutorParts {
  bus: Bus;
  road: ConductorRoad;
  attempts: Attempts;
  /** Told when the conductor should hear of us at once. */
  announce: () => void;
}

interface Coming {
  stop: AbortController;
  /** Resolves when it is no longer awaited. */
  left: Promise<void>;
}

/** How a command came: how long over the bus, and since when it is here. */
interface Took {
  hopMs: number;
  heardMs: number;
}

type Assign = Extract<ExecutorCommandData, { kind: 'assign' }>;

/** Takes what the conductor commands this executor: each assignment once, whatever else happens. */
export class CommandConsumer {
  private readonly runs = new Map<string, AssignedRun>();
  /** Attempts whose assignment is on its way from the blob store. */
  private readonly coming = new Map<string, Coming>();
  private reading: Reading | undefined;
  private readonly hop = new HopDelay();
  private isDraining = false;

  constructor(private readonly options: CommandConsumerOptions) {}

  async start(): Promise<void> {
    const { bus, executorId } = this.options;
    this.reading = await bus.subscribe({
      reader: 'executor',
      topic: TOPICS.executorCommand,
      group: 'alone',
      partitions: [commandPartition(executorId, bus.partitions)],
      accepts: (_key, headers) => headers['executorid'] === executorId,
      handle: oneByOne((delivery) => this.hear(delivery)),
    });
  }

  /** Takes nothing more, and gives back what runs. */
  async drain(): Promise<void> {
    this.isDraining = true;
    await this.reading?.stop();
    for (const run of this.runs.values()) run.giveBack();
    for (const { stop } of this.coming.values()) stop.abort();
    await Promise.all([...this.coming.values()].map(({ left }) => left));
  }

  private hear(delivery: Delivery): Outcome {
    const { road, announce } = this.options;
    const { term } = road;
    const took = { hopMs: this.hop.of(delivery.sentAtMs), heardMs: performance.now() };
    const refused = road.hear(delivery);
    // who leads now has to know it before it can count on us
    if (road.term > term) announce();
    if (refused) return refused;
    const read = readMessage(ExecutorCommand, delivery);
    return 'outcome' in read ? read.outcome : this.handle(read.message, took);
  }

  private handle({ orgId, data: command }: Envelope<ExecutorCommandData>, took: Took): Outcome {
    switch (command.kind) {
      case 'assign':
        return this.assign(orgId ?? '', command, took);
      case 'cancel':
        this.cancel(nameOf(command));
        return DONE;
      case 'roll-call':
        return this.rollCall(command.attempts, command.pulse);
      case 'recorded':
        for (const key of command.attempts) this.options.attempts.recorded(key);
        return DONE;
    }
  }

  /** What was taken away meanwhile ends here; the rest goes on. */
  private rollCall(attempts: readonly { runId: string; attempt: number }[], pulse?: number): Outcome {
    const ours = new Set(attempts.map(nameOf));
    for (const name of [...this.runs.keys(), ...this.coming.keys()]) if (!ours.has(name)) this.cancel(name);
    if (pulse !== undefined) this.options.presence.answered(pulse);
    return DONE;
  }

  private cancel(name: string): void {
    this.runs.get(name)?.cancel();
    this.coming.get(name)?.stop.abort();
  }

  private assign(organizationId: string, command: Assign, took: Took): Outcome {
    const { attempts } = this.options;
    const { runId, attempt, sealed, url } = command;
    const key = { organizationId, runId, attempt };
    if (this.isDraining) return { kind: 'skip', reason: 'draining' };
    let assignment: Assignment | undefined;
    try {
      if (sealed !== undefined) assignment = this.open(key, Buffer.from(sealed, 'base64'));
    } catch (cause) {
      return { kind: 'dead', reason: (cause as Error).message };
    }
    if (!attempts.accept(key)) return { kind: 'skip', reason: 'known' };
    if (assignment) this.begin(key, assignment, took);
    else {
      const stop = new AbortController();
      this.coming.set(nameOf(key), { stop, left: this.fetch(key, url ?? '', stop.signal, took) });
    }
    return DONE;
  }

  private begin(key: AttemptKey, assignment: Assignment, { hopMs, heardMs }: Took): void {
    const finished = (outcome: DoneOutcome) => {
      this.runs.delete(nameOf(key));
      this.finish(key, outcome);
    };
    const underwayMs = hopMs + performance.now() - heardMs;
    const run = new AssignedRun(assignment, this.options, finished, underwayMs);
    this.runs.set(nameOf(key), run);
    void run.begin();
  }

  /** A large one is fetched; what stops it meanwhile gives the attempt back. */
  private async fetch(key: AttemptKey, url: string, stopped: AbortSignal, took: Took): Promise<void> {
    // another may lead by the time that it is here
    const { keys } = this.options.road;
    let assignment: Assignment | undefined;
    try {
      assignment = this.open(key, await fetchGranted(url, stopped), keys);
    } catch {
      // whatever it was, the next attempt is sealed anew
    }
    this.coming.delete(nameOf(key));
    if (stopped.aborted) this.finish(key, 'returned');
    else if (assignment) this.begin(key, assignment, took);
    else this.finish(key, 'unserved');
  }

  private open(key: AttemptKey, sealed: Buffer, keys = this.options.road.keys): Assignment {
    return Assignment.parse(JSON.parse(this.options.road.open(key, sealed, keys).toString('utf8')));
  }

  private finish(key: AttemptKey, outcome: DoneOutcome): void {
    this.options.attempts.finish(key, outcome);
    if (outcome !== 'ended') this.options.announce();
  }
}

function nameOf({ runId, attempt }: { runId: string; attempt: number }): string {
  return `${runId}/${attempt}`;
}
