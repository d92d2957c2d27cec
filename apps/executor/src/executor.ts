import type { Bus } from '#libs/bus';
import type { EgressException } from '#libs/config';
import { DEFAULTS } from '#libs/domain';
import type { SandboxDriver, SandboxProgram } from '#libs/sandbox';
import { PlanCache } from './blobs/granted-blobs.ts';
import { AddressGuard } from './broker/address-guard.ts';
import { Brokers } from './broker/brokers.ts';
import { Attempts } from './commands/attempts.ts';
import { CommandConsumer } from './commands/command.consumer.ts';
import { ConductorRoad } from './commands/conductor-road.ts';
import { Presence } from './commands/presence.ts';
import { StatusPublisher } from './commands/status.publisher.ts';
import { EventOutbox } from './events/event-outbox.ts';
import { RunnerPool } from './runners/runner-pool.ts';
import { SpanOutbox } from './spans/span-outbox.ts';

export interface ExecutorOptions {
  bus: Bus;
  poolKey: Uint8Array;
  driver: SandboxDriver;
  program: SandboxProgram;
  maxRunners: number;
  prewarmedRunners: number;
  egressAllow: readonly EgressException[];
  cancelGraceMs?: number;
  runnerFailed: (reason: string) => void;
}

/** The supervisor of runners: knows the bus and granted URLs, no database and no gateway. New at every start. */
export class Executor {
  readonly attempts = new Attempts();
  readonly outbox: EventOutbox;
  readonly spans: SpanOutbox;
  private readonly road: ConductorRoad;
  readonly pool: RunnerPool;
  private readonly brokers: Brokers;
  private readonly consumer: CommandConsumer;
  private readonly status: StatusPublisher;

  constructor(options: ExecutorOptions) {
    const { bus, poolKey, driver, program, maxRunners, prewarmedRunners, egressAllow, runnerFailed } =
      options;
    this.road = new ConductorRoad(poolKey);
    const { road } = this;
    const guard = new AddressGuard(egressAllow);
    this.brokers = new Brokers(guard);
    this.pool = new RunnerPool({
      driver,
      program,
      maxRunners,
      prewarmed: prewarmedRunners,
      failedToStart: runnerFailed,
    });
    this.outbox = new EventOutbox(bus, this.id, this.pool);
    this.spans = new SpanOutbox(bus, this.id);
    const presence = new Presence();
    this.consumer = new CommandConsumer({
      bus,
      executorId: this.id,
      road,
      attempts: this.attempts,
      outbox: this.outbox,
      spans: this.spans,
      plans: new PlanCache(),
      pool: this.pool,
      brokers: this.brokers,
      presence,
      cancelGraceMs: options.cancelGraceMs ?? DEFAULTS.cancelGraceMs,
      announce: () => this.status.soon(),
    });
    this.status = new StatusPublisher({
      bus,
      executorId: this.id,
      road,
      pool: this.pool,
      attempts: this.attempts,
      outbox: this.outbox,
      presence,
    });
  }

  get id(): string {
    return this.road.executorId;
  }

  async start(): Promise<void> {
    await this.consumer.start();
    this.status.start();
  }

  /** Gives back what runs, says so, and ends its runners. */
  async stop(): Promise<void> {
    this.status.isDraining = true;
    await this.consumer.drain();
    await this.outbox.whenIdle();
    await this.status.publish();
    this.status.stop();
    await this.spans.end();
    await this.pool.close();
    this.brokers.close();
  }
}
