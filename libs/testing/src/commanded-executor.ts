import { EmbeddedBus } from '#libs/bus';
import type { Assignment } from '#libs/contracts';
import { type AttemptKey, Attempts } from '../../../apps/executor/src/commands/attempts.ts';
import { CommandConsumer } from '../../../apps/executor/src/commands/command.consumer.ts';
import { PartsOfExecutor } from './executor-parts.ts';
import { PlayedConductor } from './played-conductor.ts';

/** An executor that takes the commands of a conductor whom the test plays; its runners are played too. */
export class CommandedExecutor {
  readonly bus = new EmbeddedBus({ partitions: 4 });
  readonly attempts = new Attempts();
  readonly conductor: PlayedConductor;
  readonly consumer: CommandConsumer;
  /** How often it had something to tell at once. */
  announced = 0;

  private constructor(readonly parts: PartsOfExecutor) {
    this.conductor = new PlayedConductor(parts.road);
    const { executorId, road, outbox, spans, plans, pool, brokers, presence, cancelGraceMs } = parts;
    this.consumer = new CommandConsumer({
      ...{ executorId, road, outbox, spans, plans, pool, brokers, presence, cancelGraceMs },
      bus: this.bus,
      attempts: this.attempts,
      announce: () => {
        this.announced += 1;
      },
    });
  }

  static async start(): Promise<CommandedExecutor> {
    const executor = new CommandedExecutor(await PartsOfExecutor.start());
    await executor.consumer.start();
    return executor;
  }

  /** What its first runner was told. */
  get sent() {
    return this.parts.driver.sandbox(0).sent as { kind: string; run: number }[];
  }

  async stop(): Promise<void> {
    await this.consumer.drain();
    await this.bus.close();
    await this.parts.stop();
  }
}

export function keyOf({ organizationId, runId, attempt }: Assignment): AttemptKey {
  return { organizationId, runId, attempt };
}
