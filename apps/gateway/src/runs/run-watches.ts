import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Bus, DONE, eachMessage, type Outcome, type Reading } from '#libs/bus';
import { RunProgress, type RunProgressData, TOPICS } from '#libs/contracts';
import { Doors } from '#libs/database';

/** Someone who wants to know how a run goes on. */
export interface Watcher {
  /** Something was committed; its events stand in it where they are small. */
  progress(data: RunProgressData): void;
  /** The log has come to here, whatever of it was heard. */
  head(lastSeq: number, isEnded: boolean): void;
}

interface Watch {
  organizationId: string;
  watchers: Set<Watcher>;
}

const HEADS_EACH_MS = 1_000;

/** Who waits for which run here. A lost hint costs a second: the heads of all watched runs are asked for in one query. */
@Injectable()
export class RunWatches implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly watches = new Map<string, Watch>();
  private reading: Reading | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isAsking = false;

  constructor(
    private readonly bus: Bus,
    private readonly doors: Doors,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    this.reading = await this.bus.subscribe({
      reader: 'gateway',
      topic: TOPICS.runProgress,
      group: 'alone',
      accepts: (runId) => this.watches.has(runId),
      joined: () => void this.askHeads(),
      handle: eachMessage(RunProgress, ({ data }) => this.handle(data)),
    });
    this.timer = setInterval(() => void this.askHeads(), HEADS_EACH_MS);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.reading?.stop();
  }

  get size(): number {
    return this.watches.size;
  }

  /** Begins to watch; the answer ends it. */
  watch(organizationId: string, runId: string, watcher: Watcher): () => void {
    const watch = this.watches.get(runId) ?? { organizationId, watchers: new Set() };
    this.watches.set(runId, watch);
    watch.watchers.add(watcher);
    return () => {
      watch.watchers.delete(watcher);
      if (watch.watchers.size === 0 && this.watches.get(runId) === watch) this.watches.delete(runId);
    };
  }

  private handle(data: RunProgressData): Outcome {
    for (const watcher of this.watches.get(data.runId)?.watchers ?? []) watcher.progress(data);
    return DONE;
  }

  private async askHeads(): Promise<void> {
    if (this.isAsking || this.watches.size === 0) return;
    this.isAsking = true;
    try {
      const watched = [...this.watches];
      const heads = await this.doors.watchedHeads(
        watched.map(([, watch]) => watch.organizationId),
        watched.map(([runId]) => runId),
      );
      for (const { runId, lastSeq, isEnded } of heads) {
        for (const watcher of this.watches.get(runId)?.watchers ?? []) watcher.head(lastSeq, isEnded);
      }
    } catch {
      // asked again in a second
    } finally {
      this.isAsking = false;
    }
  }
}
