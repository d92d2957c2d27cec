import { describe, expect, it } from '@jest/globals';
import { DEFAULTS } from './defaults.ts';

describe('the defaults', () => {
  it('are the figures of the formats, section 12', () => {
    const KiB = 1_024;
    const MiB = 1_048_576;
    expect(DEFAULTS).toMatchObject({
      partitions: 16,
      slotsPerRunner: 32,
      prewarmedRunners: 2,
      runnerRecycleRuns: 1_000,
      runnerRecycleIdleMs: 600_000,
      allowedFailures: 3,
      retryBackoffMs: 1_000,
      retryBackoffMaxMs: 60_000,
      runTimeoutSeconds: 600,
      queueTtlSeconds: 3_600,
      cancelGraceMs: 5_000,
      controlFreshMs: 5_000,
      shutdownGraceMs: 30_000,
      bodyBytes: MiB,
      definitionBytes: 5 * MiB,
      inputInlineBytes: 64 * KiB,
      eventInlineBytes: 64 * KiB,
      outputBytes: 8 * MiB,
      streamStallMs: 60_000,
      streamUnsentBytes: 256 * KiB,
    });
  });
});
