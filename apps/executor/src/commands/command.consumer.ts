import { type Bus, type Delivery, DONE, type Outcome, oneByOne, type Reading, readMessage } from '#libs/bus';
import {
  type Assignment,
  commandPartition,
  ExecutorCommand,
  type ExecutorCommandData,
  TOPICS,
  termOf,
} from '#libs/contracts';
import { AssignedRun, type ExecutorParts } from './assigned-run.ts';
import type { Attempts, DoneOutcome } from './attempts.ts';

export interface CommandConsumerOptions extends ExecutorParts {
  bus: Bus;
  attempts: Attempts;
  /** Told when the conductor should hear at once what became of an attempt. */
  announce: () => void;
}

/** Takes what the conductor commands this executor: each assignment once, whatever else happens. */
export class CommandConsumer {
  private readonly runs = new Map<string, AssignedRun>();
  private reading: Reading | undefined;
  private isDraining = false;
  private heardTerm = 0;

  constructor(private readonly options: CommandConsumerOptions) {}

  /** The highest term in which it was commanded: who led before that leads no more. */
  get term(): number {
    return this.heardTerm;
  }

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
  }

  private hear(delivery: Delivery): Outcome {
    const term = termOf(delivery.headers);
    if (term < this.heardTerm) return { kind: 'skip', reason: 'of an earlier term' };
    const read = readMessage(ExecutorCommand, delivery);
    if ('outcome' in read) return read.outcome;
    this.heardTerm = term;
    return this.handle(read.message.data);
  }

  private handle(command: ExecutorCommandData): Outcome {
    switch (command.kind) {
      case 'assign':
        return this.assign(command.assignment);
      case 'cancel':
        this.runs.get(nameOf(command))?.cancel();
        return DONE;
      case 'roll-call':
        return this.rollCall(command.attempts);
      case 'recorded':
        for (const key of command.attempts) this.options.attempts.recorded(key);
        return DONE;
    }
  }

  /** What was taken away meanwhile ends here; the rest goes on. */
  private rollCall(attempts: readonly { runId: string; attempt: number }[]): Outcome {
    const ours = new Set(attempts.map(nameOf));
    for (const [name, run] of this.runs) if (!ours.has(name)) run.cancel();
    this.options.presence.rollCalled();
    return DONE;
  }

  private assign(assignment: Assignment): Outcome {
    const { attempts, announce } = this.options;
    const { organizationId, runId, attempt } = assignment;
    const key = { organizationId, runId, attempt };
    if (this.isDraining) return { kind: 'skip', reason: 'draining' };
    if (!attempts.accept(key)) return { kind: 'skip', reason: 'known' };
    const finished = (outcome: DoneOutcome) => {
      this.runs.delete(nameOf(key));
      attempts.finish(key, outcome);
      if (outcome !== 'ended') announce();
    };
    const run = new AssignedRun(assignment, this.options, finished);
    this.runs.set(nameOf(key), run);
    void run.begin();
    return DONE;
  }
}

function nameOf({ runId, attempt }: { runId: string; attempt: number }): string {
  return `${runId}/${attempt}`;
}
