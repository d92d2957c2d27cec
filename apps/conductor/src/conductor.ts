import type { BlobStore } from '#libs/blobs';
import type { Bus } from '#libs/bus';
import type { KeyProvider } from '#libs/crypto';
import { atMost } from '#libs/kernel';
import type { Logger } from '#libs/telemetry';
import { LeaderSession } from './leader/session.ts';
import { Claims } from './leases/claims.ts';
import { LeaseStore } from './leases/lease.store.ts';
import { Leases } from './leases/leases.ts';
import { ProgressConsumer } from './leases/progress.consumer.ts';
import { StatusConsumer } from './leases/status.consumer.ts';
import { Takeback } from './leases/takeback.ts';
import { ControlConsumer } from './placement/control.consumer.ts';
import { Executors } from './placement/executors.ts';
import { Keyring } from './placement/keyring.ts';
import { PlacementStore } from './placement/placement.store.ts';
import { Placer } from './placement/placer.ts';
import { ReleaseCache } from './placement/release-cache.ts';
import { QueueStore } from './queue/queue.store.ts';
import { RunQueue } from './queue/run-queue.ts';
import { TouchedConsumer } from './queue/touched.consumer.ts';
import { keepHouse } from './timers/housekeeping.ts';
import { Sweep } from './timers/sweep.ts';

export interface ConductorOptions {
  bus: Bus;
  databaseUrl: string;
  blobs: BlobStore;
  keys: KeyProvider;
  cellKey: Uint8Array;
  log: Logger;
}

/** A database that is silent is not waited for. */
const STOP_MS = 5_000;
const SWEEP_MS = 1_000;
const HOUSEKEEPING_MS = 3_600_000;

/** The one who says which run goes where, and when. */
export class Conductor {
  readonly claims = new Claims();
  private readonly queue = new RunQueue();
  private readonly executors = new Executors();
  private readonly session: LeaderSession;
  private readonly leases: Leases;
  private readonly takeback: Takeback;
  private readonly placer: Placer;
  private readonly sweep: Sweep;
  private readonly keyring: Keyring;
  private readonly consumers: { start(): Promise<void>; stop(): Promise<void> }[];
  private readonly timers: NodeJS.Timeout[] = [];
  private sweeping: Promise<void> = Promise.resolve();
  private isSweeping = false;
  private isSweepAsked = false;

  constructor(private readonly options: ConductorOptions) {
    const { bus, blobs, keys, cellKey, log } = options;
    const { claims, queue, executors } = this;
    this.session = new LeaderSession(options.databaseUrl, () => this.lostSight());
    const queueStore = new QueueStore(this.session);
    const leaseStore = new LeaseStore(this.session);
    const placementStore = new PlacementStore(this.session);
    this.keyring = new Keyring(placementStore, keys);
    const { keyring } = this;
    const releases = new ReleaseCache(placementStore, keyring);
    this.takeback = new Takeback({
      bus,
      store: leaseStore,
      claims,
      freed: ({ executorId, organizationId, failures }) => {
        executors.ended(executorId, organizationId, failures > 0);
        this.placer.pump();
      },
      requeued: (run, delayMs) => {
        // one that has to wait is found by the sweep when its time has come
        if (delayMs === 0) queue.add(run);
        this.placer.pump();
      },
    });
    this.leases = new Leases({ bus, store: leaseStore, claims, takeback: this.takeback });
    this.placer = new Placer({
      bus,
      queue,
      store: queueStore,
      executors,
      claims,
      takeback: this.takeback,
      log,
      cellKey,
      keyring,
      releases,
      blobs,
    });
    this.sweep = new Sweep({
      queue,
      queueStore,
      leaseStore,
      claims,
      leases: this.leases,
      takeback: this.takeback,
    });
    this.consumers = [
      new ControlConsumer(bus, releases, keyring),
      new ProgressConsumer(bus, this.leases),
      new TouchedConsumer(bus, {
        requested: (run) => {
          queue.add(run);
          this.placer.pump();
        },
        cancelled: ({ runId }) => {
          const claim = claims.get(runId);
          if (claim) this.takeback.stopOnExecutor(claim);
          else this.sweepNow();
        },
        gap: () => this.sweepNow(),
      }),
      new StatusConsumer(bus, async (status) => {
        executors.heard(status);
        await this.leases.heard(status);
        this.placer.pump();
      }),
    ];
  }

  async start(): Promise<void> {
    await this.session.start();
    await this.keyring.check();
    await keepHouse(this.session);
    await this.leases.giveBackUnknown();
    for (const consumer of this.consumers) await consumer.start();
    this.timers.push(setInterval(() => this.sweepNow(), SWEEP_MS));
    this.timers.push(setInterval(() => void keepHouse(this.session).catch(() => undefined), HOUSEKEEPING_MS));
  }

  /** Sends what it has claimed, and ends; what it cannot write now is found by the next one. */
  async stop(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    this.session.retire();
    const rest = async () => {
      for (const consumer of this.consumers) await consumer.stop();
      await this.sweeping;
      await this.placer.stop();
    };
    for (const work of [rest, () => this.session.close()]) await atMost(STOP_MS, work());
  }

  private sweepNow(): void {
    this.isSweepAsked = true;
    if (this.isSweeping) return;
    this.isSweeping = true;
    this.sweeping = this.sweepWhileAsked().finally(() => {
      this.isSweeping = false;
    });
  }

  private async sweepWhileAsked(): Promise<void> {
    while (this.isSweepAsked) {
      this.isSweepAsked = false;
      try {
        await this.sweep.run();
        this.placer.pump();
      } catch (cause) {
        this.options.log.warn({ err: cause }, 'a sweep failed, the next one follows');
      }
    }
  }

  private lostSight(): void {
    void this.leases
      .giveBackUnknown()
      .then(() => this.sweepNow())
      .catch((cause: unknown) => this.options.log.warn({ err: cause }, 'taking stock failed'));
  }
}
