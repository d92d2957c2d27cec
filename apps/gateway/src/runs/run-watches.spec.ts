import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedBus } from '#libs/bus';
import { RunProgress, type RunProgressData, TOPICS } from '#libs/contracts';
import type { Doors } from '#libs/database';
import { newId } from '#libs/kernel';
import { deadLetters, until } from '#libs/testing';
import { RunWatches, type Watcher } from './run-watches.ts';

describe('watching runs', () => {
  const [organizationId, runId] = [newId(), newId()];
  let bus: EmbeddedBus;
  let watches: RunWatches;
  let heard: number[];
  const watcher: Watcher = {
    progress: ({ lastSeq }: RunProgressData) => heard.push(lastSeq),
    head: () => undefined,
  };
  beforeEach(async () => {
    bus = new EmbeddedBus();
    heard = [];
    // nothing but hints tells of runs here
    watches = new RunWatches(bus, { watchedHeads: async () => [] } as unknown as Doors);
    await watches.onApplicationBootstrap();
  });
  afterEach(async () => {
    await watches.onApplicationShutdown();
    await bus.close();
  });

  const progress = (lastSeq: number, of = runId) =>
    RunProgress.encode(organizationId, { runId: of, attempt: 1, lastSeq, events: [] });

  it('tells how a run goes on to whoever watches it, until they look away', async () => {
    const unwatch = watches.watch(organizationId, runId, watcher);
    const other = watches.watch(organizationId, newId(), watcher);
    await bus.publish([progress(3), progress(4, newId())]);
    await until('it is heard', () => heard.length > 0);
    unwatch();
    const again: number[] = [];
    watches.watch(organizationId, runId, { ...watcher, progress: ({ lastSeq }) => again.push(lastSeq) });
    await bus.publish([progress(5)]);
    await until('the other hears', () => again.length > 0);
    expect(heard).toEqual([3]);
    other();
    expect(watches.size).toBe(1);
  });

  it('lays aside at once what is no progress, and goes on', async () => {
    const letters = await deadLetters(bus);
    watches.watch(organizationId, runId, watcher);
    const { key, headers } = progress(1);
    await bus.publish([
      { topic: TOPICS.runProgress, key, headers, value: Buffer.from('no JSON') },
      progress(2),
    ]);
    await until('the next one is heard', () => heard.length > 0);
    await until('a letter', () => letters.length > 0);
    expect(letters.map(({ headers: { 'dead-reason': reason } }) => reason)).toEqual([
      expect.stringMatching(/^no run\.progress message: /),
    ]);
    expect(heard).toEqual([2]);
  });
});
