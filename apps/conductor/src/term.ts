import type { BlobStore } from '#libs/blobs';
import type { Bus } from '#libs/bus';
import type { KeyProvider } from '#libs/crypto';
import type { Logger } from '#libs/telemetry';
import { Roads } from './leader/roads.ts';
import type { LeaderSession } from './leader/session.ts';
import { TermBus } from './leader/term-bus.ts';
import { Claims } from './leases/claims.ts';
import { LeaseStore } from './leases/lease.store.ts';
import { Leases } from './leases/leases.ts';
import { Liveness } from './leases/liveness.ts';
import { Probe } from './leases/probe.ts';
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
import { ensureEventDays, keepHouse } from './timers/housekeeping.ts';
import { Rounds } from './timers/rounds.ts';
import { Sweep } from './timers/sweep.ts';

export interface TermOptions {
  bus: Bus;
  blobs: BlobStore;
  keys: KeyProvider;
  cellKey: Uint8Array;
  poolKey: Uint8Array;
  log: Logger;
  /** Executors are processes of their own: what they had when a term begins they still have. */
  executorsOutlive?: boolean;
}

export interface TermFigures {
  /** In heads of the queue, and so of each deployment no more than a head holds. */
  runs: number;
  organizations: number;
  placed: number;
}

const SWEEP_MS = 1_000;
const HOUSEKEEPING_MS = 3_600_000;

/** All that a leader knows and does in one term of office: it begins with nothing and takes nothing into the next. */
export class Term {
  readonly claims = new Claims();
  private readonly roads: Roads;
  private readonly queue = new RunQueue();
  private readonly executors = new Executors();
  private readonly leases: Leases;
  private readonly takeback: Takeback;
  private readonly placer: Placer;
  private readonly sweep: Sweep;
  private readonly sweeps: Rounds;
  private readonly probe: Probe;
  private readonly keyring: Keyring;
  private readonly consumers: { start(): Promise<void>; stop(): Promise<void> }[];
  private readonly timers: NodeJS.Timeout[] = [];
  private isEnding = false;

  constructor(
    readonly session: LeaderSession,
    private readonly options: TermOptions,
  ) {
    const { blobs, keys, cellKey, poolKey, log } = options;
    const { claims, queue, executors } = this;
    this.roads = new Roads(poolKey, session.term);
    const { roads } = this;
    const bus = new TermBus(options.bus, roads);
    const queueStore = new QueueStore(session);
    const leaseStore = new LeaseStore(session);
    const placementStore = new PlacementStore(session);
    this.keyring = new Keyring(placementStore, keys);
    const { keyring } = this;
    const releases = new ReleaseCache(placementStore, keyring);
    this.takeback = new Takeback({
      bus,
      store: leaseStore,
      claims,
      freed: ({ executorId, organizationId, failures, claimedAtMs }) => {
        executors.ended(executorId, organizationId, failures > 0, performance.now() - claimedAtMs);
        this.placer.pump();
      },
      requeued: (run, delayMs) => {
        // one that has to wait is found by the sweep when its time has come
        if (delayMs === 0) queue.add(run);
        this.placer.pump();
      },
    });
    const liveness = new Liveness();
    this.probe = new Probe(bus, liveness);
    this.leases = new Leases({
      bus,
      store: leaseStore,
      claims,
      takeback: this.takeback,
      liveness,
      adopted: ({ executorId, organizationId, failures }) =>
        executors.sent(executorId, organizationId, failures > 0),
      lost: (executorId, attempts) => {
        // one that had given all back has left in peace
        if (executors.forget(executorId) && attempts > 0)
          log.warn({ executorId, attempts }, 'an executor was lost');
      },
    });
    this.placer = new Placer({
      bus,
      queue,
      store: queueStore,
      executors,
      claims,
      takeback: this.takeback,
      roads,
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
    this.sweeps = new Rounds(
      async () => {
        await this.sweep.run();
        this.placer.pump();
      },
      (cause) => this.warn(cause, 'a sweep failed, the next one follows'),
    );
    this.consumers = [
      new ControlConsumer(bus, releases, keyring),
      new ProgressConsumer(bus, {
        ended: (runId, attempt) => this.leases.ended(runId, attempt),
        fenced: (organizationId, runId, attempt) =>
          this.inOffice(() => this.leases.fenced(organizationId, runId, attempt)),
      }),
      new TouchedConsumer(bus, {
        requested: (run) => {
          queue.add(run);
          this.placer.pump();
        },
        cancelled: ({ organizationId, runId }) => {
          const claim = claims.get(runId);
          if (claim?.organizationId === organizationId) this.takeback.stopOnExecutor(claim);
          else this.sweeps.ask();
        },
        gap: () => this.sweeps.ask(),
      }),
      new StatusConsumer(bus, roads, {
        introduced: (executorId) => this.leases.callRoll(executorId),
        status: async (status) => {
          executors.heard(status);
          await this.inOffice(() => this.leases.heard(status));
          this.placer.pump();
        },
        probe: async (nonce) => {
          if (this.probe.came(nonce)) await this.inOffice(() => this.leases.loseSilent());
        },
      }),
    ];
  }

  /** How much waits here, and what has been done about it. */
  get figures(): TermFigures {
    let runs = 0;
    let organizations = 0;
    for (const waiting of this.queue.waiting()) {
      runs += waiting.runs;
      organizations += 1;
    }
    return { runs, organizations, placed: this.placer.placed };
  }

  async start(): Promise<void> {
    const { session } = this;
    await this.keyring.check();
    // those of the next days are there: it is no reason not to lead
    await ensureEventDays(session).catch((cause: unknown) => this.warn(cause, 'making event days failed'));
    if (this.options.executorsOutlive) await this.leases.adoptAll();
    else await this.leases.giveBackUnknown();
    for (const consumer of this.consumers) {
      if (this.isEnding) return;
      await consumer.start();
    }
    // it may have ended while one joined, and then nobody else stops it
    if (this.isEnding) return this.stopConsumers();
    this.probe.start();
    this.timers.push(setInterval(() => this.sweeps.ask(), SWEEP_MS));
    this.timers.push(setInterval(() => this.keepHouse(), HOUSEKEEPING_MS));
    this.keepHouse();
  }

  /** Sends what it has claimed, and ends; what it cannot write now is found by the next one. */
  async end(): Promise<void> {
    this.isEnding = true;
    this.probe.stop();
    for (const timer of this.timers) clearInterval(timer);
    await this.stopConsumers();
    await this.sweeps.rest();
    await this.placer.stop();
  }

  /** Something that was under way may have happened, or not. */
  takeStock(): void {
    void this.leases
      .giveBackUnknown()
      .then(() => this.sweeps.ask())
      .catch((cause: unknown) => this.warn(cause, 'taking stock failed'));
  }

  private async stopConsumers(): Promise<void> {
    for (const consumer of this.consumers) await consumer.stop();
  }

  private keepHouse(): void {
    keepHouse(this.session).catch((cause: unknown) => this.warn(cause, 'keeping house failed'));
  }

  /** What cannot be done because the term is over is the next leader's, and no fault of what was heard. */
  private async inOffice(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      if (!this.session.isOver) throw cause;
    }
  }

  private warn(cause: unknown, message: string): void {
    if (!this.session.isOver && !this.isEnding) this.options.log.warn({ err: cause }, message);
  }
}
